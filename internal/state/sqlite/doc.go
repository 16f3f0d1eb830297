// Package sqlite keeps state in one SQLite file, with the pure Go driver modernc.org/sqlite.
//
// Open takes the file for itself, brings its schema up to date by the numbered migrations (migrate.go), and gives a
// state.Store. One connection writes, a few others read: the file is in WAL mode, so neither waits for the other, and a
// commit is on the disk before Update returns. Each kind of record has its file; records with a life of their own are JSON,
// beside the columns that they are looked up by.
//
// The package is the only one that may import the driver, and nothing but cmd/vedette and the session that opens a state
// should import this package: the others speak to state.Store. Start with Open in store.go.
package sqlite
