// Package entity knows the things that alerts are about: accounts, hosts, IP addresses, files and the rest of
// Microsoft Sentinel's entity types.
//
// It turns a rule's entity mapping and a result row into an Entity (FromMapping), renders entities as the JSON
// text that the SecurityAlert table holds (Render) and reads that text back (Parse), and decides which
// entities are the same thing (StrongKeys, Merge). The facts about each type stand in one table, kinds.go;
// start there. The package knows no rule, alert, query or clock: it imports internal/types only.
//
// https://learn.microsoft.com/azure/sentinel/entities-reference
package entity
