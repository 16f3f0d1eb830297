// Package session opens what a command needs to evaluate queries and rules: it turns folders of events,
// parsers, watchlists and allowed external places into a catalogue, an engine and a query.Engine over them.
//
// The commands share it, so a rule that runs, is tested or is demonstrated goes through the same code. The
// package reads no clock: evaluation times come from the caller, or from the newest event (Session.Newest). It
// must not be imported by anything but commands and the server.
//
// Start reading at Open in session.go, or store.go where a server's event store is opened; rules.go evaluates rules,
// replay.go replays them over a span of time, ruletest.go runs their tests, check.go compiles files without data,
// external.go is the policy of externaldata.
package session
