package syntax

// LetStmt is let name = value. Value is any expression, a *Pipe, a *FuncExpr or an *EntityGroupExpr.
type LetStmt struct {
	stmtNode
	Name  *Ident
	Value Expr
}

// Children implements Node.
func (s *LetStmt) Children() []Node { return with(with(nil, s.Name), s.Value) }

// ExprStmt is an expression that stands as a statement: the result of the query.
type ExprStmt struct {
	stmtNode
	X Expr
}

// Children implements Node.
func (s *ExprStmt) Children() []Node { return []Node{s.X} }

// SetStmt is set option or set option = value.
type SetStmt struct {
	stmtNode
	Name  *Ident
	Value Expr // nil where there is none
}

// Children implements Node.
func (s *SetStmt) Children() []Node { return with(with(nil, s.Name), s.Value) }

// AliasStmt is alias database name = value.
type AliasStmt struct {
	stmtNode
	Name  *Ident
	Value Expr
}

// Children implements Node.
func (s *AliasStmt) Children() []Node { return with(with(nil, s.Name), s.Value) }

// DeclareParamsStmt is declare query_parameters (parameters).
type DeclareParamsStmt struct {
	stmtNode
	Params []*Param
}

// Children implements Node.
func (s *DeclareParamsStmt) Children() []Node { return withAll(nil, s.Params) }

// DeclarePatternStmt is declare pattern name = (parameters)[path] { matches }, or declare pattern name alone.
type DeclarePatternStmt struct {
	stmtNode
	Name    *Ident
	Bare    bool // without = and all that follows
	Params  []*ColumnDecl
	Path    *ColumnDecl // nil where there is none
	Matches []*PatternMatch
}

// Children implements Node.
func (s *DeclarePatternStmt) Children() []Node {
	return withAll(with(withAll(with(nil, s.Name), s.Params), s.Path), s.Matches)
}

// PatternMatch is (values).[path] = { body } in a DeclarePatternStmt.
type PatternMatch struct {
	node
	Args []Expr
	Path Expr // nil where there is none
	Body *FuncBody
}

// Children implements Node.
func (m *PatternMatch) Children() []Node {
	return with(with(withAll(nil, m.Args), m.Path), m.Body)
}

// RestrictStmt is restrict access to (entities) with (properties).
type RestrictStmt struct {
	stmtNode
	Items []Expr
	With  []*OpParam
}

// Children implements Node.
func (s *RestrictStmt) Children() []Node { return withAll(withAll(nil, s.Items), s.With) }
