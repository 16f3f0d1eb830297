// Package syntax turns the text of a KQL query into a syntax tree and back.
//
// Parse and its siblings never fail: what is wrong with a text is reported as diagnostics with Microsoft's KS…
// codes, the tree has Bad… nodes (or empty names) at those places, and everything else is still there for the
// binder. The tree is what was typed and nothing more: no names are resolved here, no function is known.
//
// Start reading at ast.go (nodes), statement.go (statements) and operator.go (the table of tabular operators);
// each op_….go holds one operator: its node, its parser, its printer. The lexer is lexer.go, with the words it
// knows in keyword.go. Names, expressions and operator parameters are parsed in the parse_….go files.
//
// The package imports source and nothing else of the project; in particular it knows no types and no functions.
package syntax
