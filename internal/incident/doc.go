// Package incident turns alerts into incidents, and what people, rules and automation want of an incident into its
// next state.
//
// Raise gives the incidents that a run's alerts open, join or reopen, as the rule's incident configuration says
// (group.go). Apply changes one incident, with validation (change.go). Both yield an Event, which holds the
// incident before and after, the audit entry, and the row of the SecurityIncident table (row.go). Automate says what
// the automation rules do about an event: further events, and actions for others to run (automation.go).
//
// Everything is pure: ids, numbers and times are handed in, so a backtest and a repeated run are the same code as
// production. The package must not import a query engine, a store or a clock. Start with Incident in model.go.
//
// https://learn.microsoft.com/azure/sentinel/incident-investigation
package incident
