// Package proof proves that a query gives no rows without running it. It turns a plan into a formula over
// conditions on stored tables, and answers the formula from what it kept while rows were stored: for every
// condition that a rule depends on, the minutes in which a row met it.
//
// What must hold: a window is called empty only if the query over it, run at that moment, would have given no
// row. So everything errs on the side of "may have rows":
//   - The formula is made of the very plan that is about to run, with its constants, its watchlists and its
//     evaluation time, not of one that was compiled before. Nothing has to be known about what a plan depends on.
//   - A condition that is not understood is left out: fewer conditions hold for more rows. A part of a plan that is
//     not understood may have rows.
//   - Counting may count too much (a row twice, a row that was rolled back, a neighbouring minute), never too little:
//     a row is counted before a query can see it, and a new condition counts only once every append that
//     began before it has ended and the stored rows have been gone through.
//
// A run that is not made cannot fail either: a fault that its query would have met on other rows (an overflow, a limit)
// is not reported for that window. No alert depends on it.
//
// Start with Of in analyse.go (plan to Formula), then cond.go (conditions), prover.go (what is kept) and append.go
// (how rows are counted). The package knows plans and rules; it imports no query engine, no store and no clock.
package proof
