// Package state says how records that change in place are kept: rules, how far each rule's schedule has come, incidents,
// watchlists, automation rules, tokens, and the queue of what is still to be written elsewhere.
//
// It holds interfaces and records only. A Store runs transactions that span all of them, so that the alerts of a run, the
// incidents they open, the rows and messages that tell of them and the rule's new position are kept together or not at
// all. Package sqlite implements it on one file; package statetest is the suite that every implementation passes. The
// package must not import a driver, a query engine or a clock: times are handed in, and are kept to 100 ns.
//
// Start with Store and Tx in state.go.
package state
