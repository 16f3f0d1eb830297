// Package dcr is data collection rules: which stream of events goes into which table, and through which
// transformation. Load turns a rule file (YAML, or JSON as Azure exports it) into a Rule whose streams are ready to
// take rows; Default is the rule that is there without a file.
// https://learn.microsoft.com/azure/azure-monitor/data-collection/data-collection-rule-structure
//
// A transformation is KQL over the rows of a stream. It is bound as any query is, but computed in Go, row by row:
// Azure allows only operators that turn a row into one row or none, and what each function means is its Go body.
// That is faster than bringing a batch into an engine and out again, needs no engine, and tells which record is at
// fault.
//
// Start reading at Load in load.go, then transform.go.
package dcr
