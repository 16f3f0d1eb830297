// Package watch reads the files of a folder, each exactly once.
//
// A file that is put into the folder, or into a folder below it, is waited for until it no longer changes; names that
// begin with a dot or end in .tmp, .part or .partial are left alone, so that a writer may rename when he is done. Then it
// is moved to .reading/, read, and moved to done/ or failed/. All three are in the folder itself and keep the path below
// it. A folder that is named exactly as a table sends its files there; else Options.Mapping and the recognition of
// package ingest tell.
//
// Each batch has an id that follows from the file's path and content, its table, its place and its rows. A file whose
// reading broke off, by a kill or by a log that took no more, is read again from its beginning, and the log recognises
// the batches that it has. The same bytes under the same path are the same file: put in again, they add nothing.
//
// A file ends in failed/ if anything of it could not be read. What could be read is kept then too; FILE.error.txt beside
// it says which records are missing, and why.
//
// Start reading at Folder in watch.go.
package watch
