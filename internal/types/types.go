// Package types holds KQL's scalar types, their values, and the schemas of tables.
//
// A datetime is a count of 100 ns ticks since 0001-01-01T00:00:00Z, a timespan a count of ticks, and a
// dynamic value is JSON text in the form Kusto prints it (no blanks, keys in their order). The package
// imports nothing else of the project.
package types

import "strings"

// Type is one of KQL's scalar types.
type Type uint8

// The scalar types. Unknown is the zero value: the type of an expression that has an error.
const (
	Unknown Type = iota
	Bool
	Int
	Long
	Real
	Decimal
	String
	Datetime
	Timespan
	Guid
	Dynamic
)

var typeNames = [...]string{"unknown", "bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "guid", "dynamic"}

// String returns KQL's canonical name of the type.
func (t Type) String() string { return typeNames[t] }

// IsNumeric tells whether t is int, long, real or decimal.
func (t Type) IsNumeric() bool { return t == Int || t == Long || t == Real || t == Decimal }

// IsInteger tells whether t is int or long.
func (t Type) IsInteger() bool { return t == Int || t == Long }

// Scalars lists every scalar type once, in declaration order.
func Scalars() []Type {
	return []Type{Bool, Int, Long, Real, Decimal, String, Datetime, Timespan, Guid, Dynamic}
}

// typeWords are the names that KQL takes for a type, aliases included.
// https://learn.microsoft.com/kusto/query/scalar-data-types
var typeWords = map[string]Type{
	"bool": Bool, "boolean": Bool,
	"int": Int, "int32": Int, "uint": Int, "uint32": Int, "int8": Int, "uint8": Int, "int16": Int, "uint16": Int,
	"long": Long, "int64": Long, "uint64": Long, "ulong": Long,
	"real": Real, "double": Real, "float": Real,
	"decimal":  Decimal,
	"string":   String,
	"datetime": Datetime, "date": Datetime,
	"timespan": Timespan, "time": Timespan,
	"guid": Guid, "uuid": Guid, "uniqueid": Guid,
	"dynamic": Dynamic,
}

// Parse returns the type that a word of KQL names, and whether it names one.
func Parse(word string) (Type, bool) {
	t, ok := typeWords[strings.ToLower(word)]
	return t, ok
}

// Column is a named, typed column of a table.
type Column struct {
	Name string
	Type Type
}

// Schema is the ordered list of a table's columns. Names are case-sensitive and unique.
type Schema []Column

// Index returns the position of the column called name, or -1.
func (s Schema) Index(name string) int {
	for i, c := range s {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// String renders the schema as KQL does in a datatable: (a:long, b:string).
func (s Schema) String() string {
	var b strings.Builder
	b.WriteByte('(')
	for i, c := range s {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.Name + ":" + c.Type.String())
	}
	b.WriteByte(')')
	return b.String()
}

// Table is a schema and rows of it: the result of a query, or the content of a datatable.
type Table struct {
	Schema Schema
	Rows   [][]Value
}
