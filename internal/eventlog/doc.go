// Package eventlog is how events get into the event store: batches go in, and come back as acknowledged once they are
// durable.
//
// A Log has one writer. What is handed in while it writes waits and is then written together, so that many small batches
// cost one flush of the disk (group commit). A batch with an identity that was seen before is not kept again. What may
// wait is bounded in bytes; beyond that Append says ErrBusy.
//
// Every commit has a time of its own, which goes into _TimeReceived of its rows. Settle makes sure that no more rows will
// have a time before a given one: near-real-time rules, which look at rows by the time they were taken in, miss none so.
//
// The package knows no HTTP, no rule and no query language. Start with Log in log.go; recent.go remembers identities.
package eventlog
