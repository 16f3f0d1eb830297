// Package ingest turns files of events into rows of tables.
//
// LoadDir finds the files of a folder, tells for each which table it holds (recognise.go), decodes it record
// by record (json_reader.go, csv_reader.go, parquet_reader.go), brings each record into the table's columns
// (columns.go, convert.go; the Microsoft Entra shapes in entra_*.go), and hands batches of rows to a Sink.
// Nothing is dropped in silence: records that cannot be read, values that do not fit and columns that the
// table lacks are counted in the Report.
//
// A file is streamed; what is held in memory is bounded by Limits. The package imports catalog and types. It
// knows no storage, no query language and no clock.
//
// Start reading at LoadDir in load.go.
package ingest
