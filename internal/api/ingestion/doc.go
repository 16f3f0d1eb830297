// Package ingestion is how events come in over HTTP: the Logs Ingestion API of Azure Monitor, for the clients that
// speak it, and uploads of whole files.
//
//	POST /dataCollectionRules/{rule}/streams/{stream}?api-version=2023-01-01
//	POST /v1/upload/{table}
//
// The Logs Ingestion API takes a JSON array of at most 1 MB, before and after decompression, and answers 204 when all
// of it is durable. It is all or nothing: where a record cannot be read, or its transformation ends in a fault, the
// answer is 400 and names the first such records, and nothing is kept; an answer without a body could not tell what is
// missing. A value that does not fit its column, and a field without one, is no fault: it is kept in the table's unknown
// column. https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview
//
// A body that comes again with the same x-ms-client-request-id (clients repeat it when they try again) and the same
// content is acknowledged and not kept twice. The content counts too, because an id that somebody sets for all of his
// requests must not lose any. The limit of thirty minutes between the records of a call is Azure's own and is not kept.
//
// An upload is a file: JSON, NDJSON, CSV or Parquet, compressed or not, as large as Options say. It goes into the table
// in batches, each durable on its own; what can be read is kept, and the answer counts it and names what cannot. With
// the header X-Batch-Id an upload that broke off is repeated whole: batches that were kept before are recognised.
//
// What bodies take in memory is bounded by Options.MaxInFlight; who finds no room in time gets 429 and tries again. A
// sender has to bring his bytes at a least speed, or is cut off with 408: a ResponseWriter that wraps the server's must
// let http.ResponseController through (Unwrap).
//
// Who may send is asked of Options.Allow; who a sender is, is known to the handler around this one.
//
// Start reading at Handler in handler.go.
package ingestion
