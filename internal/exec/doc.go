// Package exec holds the operators that run in Go over all rows of their input, because SQL has no good
// form for them: scan, sequences, graphs, clusters and the like. Each implements rel.NativeOp; the binder
// builds them and the store runs them. eval.go computes bound expressions row by row.
//
// The package imports rel, types and funcs and nothing else of the project. Start with eval.go, then
// scan.go as an example operator.
package exec
