package syntax

import "github.com/vedette-siem/vedette/internal/source"

// Node is any part of a syntax tree. Nodes are made by the parser only and are not changed afterwards.
type Node interface {
	// Span is the node's place in the text, without blanks and comments around it. A node that stands for
	// something missing has an empty span near the place where it was expected.
	Span() source.Span
	// Children are the node's direct parts in the order of the text; absent parts are left out.
	Children() []Node

	print(p *printer)
}

// Stmt is a statement: let, set, declare, alias, restrict, or an expression.
type Stmt interface {
	Node
	stmt()
}

// Expr is a scalar or tabular expression; syntax does not tell the two apart.
type Expr interface {
	Node
	expr()
}

// Op is a tabular operator: what stands after a pipe, or what begins a query (print, range, union, find, …).
type Op interface {
	Node
	// Word is the operator's keyword as it was typed ("order" or "sort").
	Word() string
	// WordSpan is the place of that keyword.
	WordSpan() source.Span
	base() *opNode
}

// Walk calls visit for n and, where visit returns true, for the nodes below it, in the order of the text.
func Walk(n Node, visit func(Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	for _, c := range n.Children() {
		Walk(c, visit)
	}
}

// node is embedded in every node.
type node struct{ span source.Span }

// Span implements Node.
func (n *node) Span() source.Span { return n.span }

// exprNode is embedded in every expression.
type exprNode struct{ node }

func (*exprNode) expr() {}

// stmtNode is embedded in every statement.
type stmtNode struct{ node }

func (*stmtNode) stmt() {}

// opNode is embedded in every tabular operator.
type opNode struct {
	node
	word     string
	wordSpan source.Span
}

func (o *opNode) base() *opNode { return o }

// Word implements Op.
func (o *opNode) Word() string { return o.word }

// WordSpan implements Op.
func (o *opNode) WordSpan() source.Span { return o.wordSpan }

// with appends n to a list of children unless it is absent.
func with[N interface {
	comparable
	Node
}](list []Node, n N) []Node {
	var absent N
	if n == absent {
		return list
	}
	return append(list, n)
}

// withAll appends each of ns to a list of children.
func withAll[N Node](list []Node, ns []N) []Node {
	for _, n := range ns {
		list = append(list, n)
	}
	return list
}

// Query is a whole query text: directives (lines that begin with #) and statements.
type Query struct {
	node
	File       *source.File
	Directives []string
	Stmts      []Stmt
}

// Children implements Node.
func (q *Query) Children() []Node { return withAll(nil, q.Stmts) }

// NameForm tells how an identifier was written.
type NameForm uint8

// The forms of names.
const (
	NameMissing           NameForm = iota // not there: the parser has reported it
	NamePlain                             // abc
	NameBracketed                         // ['abc def'] or ["abc def"]
	NameBraced                            // {abc}: a parameter of the client tool
	NameWildcard                          // abc*, *abc*, *: a pattern over names
	NameBracketedWildcard                 // [abc*]
)

// Ident is a name, declared or referred to. Name is the name itself, without brackets, quotes or escapes.
type Ident struct {
	exprNode
	Name string
	Form NameForm
}

// Children implements Node.
func (*Ident) Children() []Node { return nil }

// IsWildcard tells whether the name is a pattern.
func (i *Ident) IsWildcard() bool { return i.Form == NameWildcard || i.Form == NameBracketedWildcard }

// IsMissing tells whether the parser found no name here.
func (i *Ident) IsMissing() bool { return i.Form == NameMissing }

// BadExpr stands where an expression was expected and not found; it has been reported.
type BadExpr struct{ exprNode }

// Children implements Node.
func (*BadExpr) Children() []Node { return nil }

// StarExpr is the asterisk that stands for all columns.
type StarExpr struct{ exprNode }

// Children implements Node.
func (*StarExpr) Children() []Node { return nil }

// AtExpr is a lone @.
type AtExpr struct{ exprNode }

// Children implements Node.
func (*AtExpr) Children() []Node { return nil }

// LitKind is the kind of a literal.
type LitKind uint8

// The kinds of literals. There is no literal of kind dynamic: see DynamicLit.
const (
	LitBool LitKind = iota + 1
	LitInt
	LitLong
	LitReal
	LitDecimal
	LitString
	LitDatetime
	LitTimespan
	LitGuid
	LitNull // the word null inside dynamic(…)
)

// Lit is a literal. See literal.go for the methods that decode it.
type Lit struct {
	exprNode
	Kind LitKind
	// Raw is the literal as it was typed; strings put one after the other have one blank between.
	Raw string
	// Text is the value of a string; of long(…), datetime(…) and the like what stands in the parentheses,
	// trimmed; else the same as Raw.
	Text string
	// Null is set for long(null), datetime(null) and so on.
	Null bool
	// Hidden is set for a string that was marked with h or H to be kept out of logs.
	Hidden bool
	// Parts is how many adjacent string literals make up the value; 1 for everything else.
	Parts int
}

// Children implements Node.
func (*Lit) Children() []Node { return nil }

// DynamicLit is dynamic(…). Its value is an ObjectLit, ArrayLit, Lit, UnaryExpr (a negative number), another
// DynamicLit, an Ident of form NameBraced, or a BadExpr.
type DynamicLit struct {
	exprNode
	Value Expr
}

// Children implements Node.
func (d *DynamicLit) Children() []Node { return []Node{d.Value} }

// ObjectLit is {"name": value, …} inside dynamic(…).
type ObjectLit struct {
	exprNode
	Pairs []*ObjectPair
}

// Children implements Node.
func (o *ObjectLit) Children() []Node { return withAll(nil, o.Pairs) }

// ObjectPair is one member of an ObjectLit. Key is nil where it is missing.
type ObjectPair struct {
	node
	Key   *Lit
	Value Expr
}

// Children implements Node.
func (o *ObjectPair) Children() []Node { return with(with(nil, o.Key), o.Value) }

// ArrayLit is [value, …] inside dynamic(…).
type ArrayLit struct {
	exprNode
	Items []Expr
}

// Children implements Node.
func (a *ArrayLit) Children() []Node { return withAll(nil, a.Items) }

// TypeOfExpr is typeof(type) or typeof(column:type, *).
type TypeOfExpr struct {
	exprNode
	Items []Node // one *TypeName, or *ColumnDecl and *StarExpr
}

// Children implements Node.
func (t *TypeOfExpr) Children() []Node { return t.Items }

// UnaryExpr is -x or +x.
type UnaryExpr struct {
	exprNode
	Op string // "-" or "+"
	X  Expr
}

// Children implements Node.
func (u *UnaryExpr) Children() []Node { return []Node{u.X} }

// BinaryOp names an operator between two operands by its usual spelling: "<>" is "!=", "containscs" is
// "contains_cs", "notcontains" is "!contains" and so on.
type BinaryOp string

// BinaryExpr is x op y. With in, !in, in~, !in~, has_any and has_all Y is a *ListExpr; with between and !between
// it is a *RangeExpr. X may be a *StarExpr with ==, has, contains and the like (search, find).
type BinaryExpr struct {
	exprNode
	Op     BinaryOp
	OpSpan source.Span
	X, Y   Expr
}

// Children implements Node.
func (b *BinaryExpr) Children() []Node { return []Node{b.X, b.Y} }

// ParenExpr is (x), where x may be a pipe.
type ParenExpr struct {
	exprNode
	X Expr
}

// Children implements Node.
func (p *ParenExpr) Children() []Node { return []Node{p.X} }

// ListExpr is (a, b, …) on the right of in, has_any, has_all, where the single item may be a pipe; or the bare
// list a, b, … of names that is the value of some operator parameters (Bare).
type ListExpr struct {
	exprNode
	Items []Expr
	Bare  bool
}

// Children implements Node.
func (l *ListExpr) Children() []Node { return withAll(nil, l.Items) }

// RangeExpr is (low .. high) on the right of between.
type RangeExpr struct {
	exprNode
	Low, High Expr
}

// Children implements Node.
func (r *RangeExpr) Children() []Node { return []Node{r.Low, r.High} }

// CallExpr is name(arguments). Arguments may be *StarExpr and *NamedExpr. The calls whose argument is a tabular
// expression, toscalar, totable and (as the value of let) materialize, are CallExprs too: Args[0] may be a *Pipe.
type CallExpr struct {
	exprNode
	Name   *Ident
	Params []*OpParam // kind=… of toscalar and totable
	Args   []Expr
}

// Children implements Node.
func (c *CallExpr) Children() []Node {
	return withAll(withAll([]Node{c.Name}, c.Params), c.Args)
}

// PathExpr is x.sel. Sel is an *Ident (x.name, x['name'] after a dot, x.name*), a *CallExpr
// (database("d").f()), a *BracketExpr or an *AtExpr.
type PathExpr struct {
	exprNode
	X, Sel Expr
}

// Children implements Node.
func (p *PathExpr) Children() []Node { return []Node{p.X, p.Sel} }

// IndexExpr is x[index]. In names of tables (union, find) the index may also be a wildcarded name.
type IndexExpr struct {
	exprNode
	X, Index Expr
}

// Children implements Node.
func (i *IndexExpr) Children() []Node { return []Node{i.X, i.Index} }

// BracketExpr is [x] where a name is expected and x is no string.
type BracketExpr struct {
	exprNode
	X Expr
}

// Children implements Node.
func (b *BracketExpr) Children() []Node { return []Node{b.X} }

// NamedExpr is name = value or (a, b) = value.
type NamedExpr struct {
	exprNode
	Names []*Ident
	Paren bool // the names stand in parentheses
	Value Expr
}

// Children implements Node.
func (n *NamedExpr) Children() []Node { return with(withAll(nil, n.Names), n.Value) }

// Direction is the order of an OrderedExpr.
type Direction uint8

// The orders. KQL's default, where none is written, is descending for sort and top.
const (
	OrderDefault Direction = iota
	OrderAsc
	OrderDesc
	OrderGrannyAsc
	OrderGrannyDesc
)

// Nulls is where nulls go in an OrderedExpr.
type Nulls uint8

// The places of nulls.
const (
	NullsDefault Nulls = iota
	NullsFirst
	NullsLast
)

// OrderedExpr is x asc nulls first and the like, in sort, top, top-nested, scan and project-reorder. An
// expression without any of these words stands there bare.
type OrderedExpr struct {
	exprNode
	X     Expr
	Dir   Direction
	Nulls Nulls
}

// Children implements Node.
func (o *OrderedExpr) Children() []Node { return []Node{o.X} }

// Pipe is source | op | op …. Source is nil where the first operator is the source itself (print, range, union,
// search, find, evaluate …) or where the rows come from outside (the body of fork, partition, mv-apply, facet).
type Pipe struct {
	exprNode
	Source Expr
	Ops    []Op
}

// Children implements Node.
func (p *Pipe) Children() []Node { return withAll(with(nil, p.Source), p.Ops) }

// FuncExpr is the value of let f = (parameters) { body }.
type FuncExpr struct {
	exprNode
	View   bool // let v = view () { … }
	Params []*Param
	Body   *FuncBody
}

// Children implements Node.
func (f *FuncExpr) Children() []Node { return with(withAll(nil, f.Params), f.Body) }

// FuncBody is { statements; result }. Result is nil where there is none.
type FuncBody struct {
	node
	Stmts  []Stmt
	Result Expr
}

// Children implements Node.
func (b *FuncBody) Children() []Node { return with(withAll(nil, b.Stmts), b.Result) }

// Param is a parameter of a function or of a query: name:type, name:type=default, or name:(column:type, *).
type Param struct {
	node
	Name    *Ident
	Type    TypeExpr
	Default Expr // nil where there is none; a literal, or an *Ident (a word)
}

// Children implements Node.
func (p *Param) Children() []Node { return with(with(with(nil, p.Name), p.Type), p.Default) }

// TypeExpr is a *TypeName or a *SchemaType.
type TypeExpr interface {
	Node
	typeExpr()
}

// TypeName is the name of a scalar type as it was typed; Name is empty where it is missing.
type TypeName struct {
	node
	Name string
}

func (*TypeName) typeExpr() {}

// Children implements Node.
func (*TypeName) Children() []Node { return nil }

// SchemaType is (column:type, …) or (*), the type of a tabular parameter.
type SchemaType struct {
	node
	Star    bool
	Columns []*ColumnDecl
}

func (*SchemaType) typeExpr() {}

// Children implements Node.
func (s *SchemaType) Children() []Node { return withAll(nil, s.Columns) }

// ColumnDecl is name:type. In the pattern of parse Type may be nil.
type ColumnDecl struct {
	exprNode
	Name *Ident
	Type TypeExpr
}

// Children implements Node.
func (c *ColumnDecl) Children() []Node { return with(with(nil, c.Name), c.Type) }

// RowSchema is (column:type, …); Star is the * that evaluate allows in front: (*, column:type, …).
type RowSchema struct {
	node
	Star    bool
	Columns []*ColumnDecl
}

// Children implements Node.
func (s *RowSchema) Children() []Node { return withAll(nil, s.Columns) }

// OpParam is a parameter of an operator, such as kind=inner or hint.strategy=shuffle, or one of the properties in
// with (…). Value is an *Ident (a word or a name), a literal, a *ListExpr of names, any path for the titles of
// render, or nil.
type OpParam struct {
	node
	Name     string
	NameSpan source.Span
	NoEquals bool // written without =, as in render's old by a, b
	Value    Expr

	id *Ident // how the name of a free property was written
}

// Children implements Node.
func (o *OpParam) Children() []Node { return with(nil, o.Value) }

// DataTableExpr is datatable (schema) [values].
type DataTableExpr struct {
	exprNode
	Params []*OpParam
	Schema *RowSchema
	Values []Expr
}

// Children implements Node.
func (d *DataTableExpr) Children() []Node {
	return withAll(with(withAll(nil, d.Params), d.Schema), d.Values)
}

// ContextualDataTableExpr is __contextual_datatable id (schema).
type ContextualDataTableExpr struct {
	exprNode
	ID     Expr
	Schema *RowSchema
}

// Children implements Node.
func (c *ContextualDataTableExpr) Children() []Node { return with(with(nil, c.ID), c.Schema) }

// ExternalDataExpr is externaldata (schema) [locations] with (properties).
type ExternalDataExpr struct {
	exprNode
	Params    []*OpParam
	Schema    *RowSchema
	Locations []Expr
	With      []*OpParam
}

// Children implements Node.
func (e *ExternalDataExpr) Children() []Node {
	return withAll(withAll(with(withAll(nil, e.Params), e.Schema), e.Locations), e.With)
}

// DataScopeExpr is table datascope=scope.
type DataScopeExpr struct {
	exprNode
	X     Expr
	Scope string
}

// Children implements Node.
func (d *DataScopeExpr) Children() []Node { return []Node{d.X} }

// EntityGroupExpr is entity_group [entities].
type EntityGroupExpr struct {
	exprNode
	Items []Expr
}

// Children implements Node.
func (e *EntityGroupExpr) Children() []Node { return withAll(nil, e.Items) }

// ViewCombineExpr is materialized-view-combine (name) base (…) delta (…) aggregations (…). A part that is missing
// is nil; Aggregations is a *Pipe of one SummarizeOp.
type ViewCombineExpr struct {
	exprNode
	Name, Base, Delta, Aggregations Expr
}

// Children implements Node.
func (v *ViewCombineExpr) Children() []Node {
	return with(with(with(with(nil, v.Name), v.Base), v.Delta), v.Aggregations)
}
