// Package deliver turns the actions that automation rules leave in the outbox into calls of webhooks, mails and lines of
// files.
//
// Encode makes a message of an incident.Due; a Deliverer reads it back and does it. Whoever pumps the outbox calls
// Deliver for each message and asks Next when to come back to one that failed. A message is delivered at least once: a
// crash between the deed and its mark in the outbox repeats it, and so does a receiver that answers too late. Every
// repetition carries the same delivery id (DeliveryID), by which receivers tell.
//
// Rules are written by more people than those who run the machine, so a rule reaches no further than Options allow:
// webhooks not to the machine itself or to the network's metadata services, files not out of their folder, secrets by
// their names only. What is refused, and what the receiver refuses for good, is Permanent; all else is tried again, also
// what the operator can put right.
//
// The package must not import a query engine or a store's driver. Start with Deliverer in deliver.go.
package deliver
