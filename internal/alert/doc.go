// Package alert turns the result of a rule's query into alerts.
//
// Evaluate takes a rule, the rows its query returned and the window it ran over, and gives the alerts: the
// threshold, event grouping, entities, custom details and overridden details. Row gives the SecurityAlert row
// of an alert. Everything here is pure: the same rule, rows and window give the same alerts, ids included, so
// that a test, a backtest and a repeated run are the same code as production.
//
// The package must not import a query engine, a store or a clock; rule and entity are all it knows. Start with
// Evaluate in alert.go.
//
// https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview
package alert
