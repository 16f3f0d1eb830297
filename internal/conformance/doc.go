// Package conformance holds the tests that range over the whole catalogue of functions and over the corpus
// of real content; it has no other code.
//
// The catalogue tests need no list of their own: a function that is added is tested. Its examples run
// through the whole pipeline, folded and over columns; its SQL is compared with its Go body over a pool of
// odd values; its refusals are the standard diagnostics. The corpus tests read the folder that
// VEDETTE_SHARED names (by default shared beside the repository) and are skipped where it is absent.
//
// Everything here links the database driver, so tests that need no engine belong elsewhere. Start with
// engine_test.go, which has what the others share.
package conformance
