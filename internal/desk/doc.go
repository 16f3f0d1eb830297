// Package desk turns what rules raise and what people decide into what is kept and sent: in one transaction the alerts,
// the incidents, what automation does about them, the rows that tell of them, the actions that are due, and the audit trail.
//
// The scheduler's sink calls Raise with the alerts of a run, and writes the rule's position in the same transaction; the
// APIs call Commit with an incident.Event. Both leave messages in the outbox, under the topics of topic.go, for pumps that
// append rows to tables and run actions.
//
// The package must not import a query engine, a store's driver or a clock. Start with Desk in desk.go.
package desk
