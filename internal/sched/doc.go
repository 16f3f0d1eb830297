// Package sched decides when rules run: it turns a rule and the time into (rule, evaluation time, window), has
// the window evaluated, and hands the outcome on, so that every window of every rule is accounted for exactly
// once whatever happens to the process or the clock.
//
// The core is pure. A [Schedule] says which nominal times a rule has; a [Position] says how far along them it
// is; [Schedule.Step] says what is to be done now, and [Schedule.Succeed], [Schedule.Fail], [Schedule.Suppress]
// and [Schedule.Skip] give the position that follows. [Scheduler] is the thin driver around it: a loop that
// waits, a pool of workers, and nothing that must survive a restart.
//
// Nothing lost, nothing twice: an outcome and the position that follows it are written in one transaction
// ([Sink]). A process killed before the transaction runs the window again, one killed after it goes on with
// the next.
//
// All times are UTC and are arithmetic on a line without gaps, so daylight saving does not exist here. The clock
// is handed in, and so are the query engine ([RunFunc]) and the storage: the package knows rule, alert and types,
// and must import no query engine, no store and no driver.
//
// Start with schedule.go, then step.go, then scheduler.go.
//
// https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview
// https://learn.microsoft.com/azure/sentinel/near-real-time-rules
package sched
