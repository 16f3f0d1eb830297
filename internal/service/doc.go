// Package service is the server without its network: the event store, the state, the rules on their schedule, and what
// follows from their alerts, wired together.
//
// Open opens a data folder; Run runs until it is told to stop, and then stops in order: no new work, what is under way
// ends, the logs are tidied. In between
//
//   - evaluate.go runs a rule over a window when the scheduler says so;
//   - sink.go keeps a run's alerts, incidents, rows and the rule's position in one transaction;
//   - pump.go takes rows from the outbox to the event store, each once, and actions to the outside;
//   - rules.go puts the stored rules, and those of the content folders, on the schedule;
//   - tables.go and watchlists.go keep the catalogue in line with what was declared;
//   - status.go tells how things are.
//
// The package reads no clock: it is handed in. It listens nowhere: cmd/vedette does, and hands the requests to the
// handlers of the api packages, which work on what Service gives out.
package service
