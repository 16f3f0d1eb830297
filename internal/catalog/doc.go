// Package catalog holds what a query can name: tables with their schemas, stored functions (parsers) and
// watchlists.
//
// It turns parser files into Functions and the embedded schema list into Tables. It knows no syntax and no
// storage: a function's body and parameters are text, which the binder parses, and rows live elsewhere
// (a watchlist's rows excepted, they are part of what is declared). It imports source and types only.
//
// Start reading at Catalog; builtin.go decodes the Log Analytics schemas embedded from schemas.bin, which
// gen/ makes; functions.go reads parser files.
package catalog
