package bind

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// FunctionCache keeps parsed stored functions, so that a parser is parsed once and not once a query.
// It is safe for concurrent use.
type FunctionCache struct {
	mu sync.Mutex
	m  map[*catalog.Function]*parsedFunction
}

type parsedFunction struct {
	params []*syntax.Param
	body   *syntax.FuncBody
	diags  []source.Diagnostic
}

// NewFunctionCache returns an empty cache.
func NewFunctionCache() *FunctionCache {
	return &FunctionCache{m: map[*catalog.Function]*parsedFunction{}}
}

func (c *FunctionCache) parse(f *catalog.Function) *parsedFunction {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.m[f]; ok {
		return p
	}
	p := &parsedFunction{}
	p.params, p.diags = syntax.ParseParams(f.Params)
	file := f.Source
	if file == nil {
		file = source.NewFile(f.Name, f.Body)
	}
	var diags []source.Diagnostic
	p.body, diags = syntax.ParseBody(file)
	p.diags = append(p.diags, diags...)
	c.m[f] = p
	return p
}

// statements binds a query's statements and gives the results of those that are expressions.
func (b *binder) statements(list []syntax.Stmt, e *env) []outcome {
	var out []outcome
	declared := map[string]bool{}
	last := -1
	for i, s := range list {
		if _, ok := s.(*syntax.ExprStmt); ok {
			last = i
		}
	}
	for i, s := range list {
		if x, ok := s.(*syntax.ExprStmt); ok {
			var outs []outcome
			outs, e = b.results(e, x.X, i == last)
			out = append(out, outs...)
			continue
		}
		if l, ok := s.(*syntax.LetStmt); ok {
			if declared[l.Name.Name] {
				b.add("KS201", l.Name.Span(), fmt.Sprintf("'%s' is already declared", l.Name.Name))
			}
			declared[l.Name.Name] = true
		}
		e = b.statement(s, e)
	}
	return out
}

// statement binds a declaration and returns the scope behind it.
func (b *binder) statement(s syntax.Stmt, e *env) *env {
	switch s := s.(type) {
	case *syntax.LetStmt:
		return b.let(s, e)
	case *syntax.SetStmt:
		return b.set(s, e)
	case *syntax.AliasStmt:
		return e // one vedette is one database, under every alias
	case *syntax.DeclareParamsStmt:
		return b.queryParams(s, e)
	case *syntax.ExprStmt:
		b.value(e, s.X)
		return e
	case *syntax.RestrictStmt:
		return b.restrict(s, e)
	case *syntax.DeclarePatternStmt:
		return e.with(s.Name.Name, patternBinding{s, e})
	}
	return e
}

// tablesFirst reports a tabular parameter behind a scalar one.
//
// https://learn.microsoft.com/kusto/query/let-statement#parameters-1
func (b *binder) tablesFirst(params []*syntax.Param) {
	scalar := false
	for _, p := range params {
		_, table := p.Type.(*syntax.SchemaType)
		if table && scalar {
			b.add("KS226", p.Span(), "tabular parameters must come before scalar ones")
		}
		scalar = scalar || !table
	}
}

func (b *binder) let(s *syntax.LetStmt, e *env) *env {
	name := s.Name.Name
	switch v := s.Value.(type) {
	case *syntax.FuncExpr:
		b.tablesFirst(v.Params)
		for _, p := range v.Params {
			tn, scalar := p.Type.(*syntax.TypeName)
			if !scalar || p.Default == nil || len(b.inside) > 0 {
				continue
			}
			if t, known := types.Parse(tn.Name); known {
				b.defaultFits(p, b.scalarExpr(scalarsOnly(e), p.Default), t)
			}
		}
		return e.with(name, funcBinding{name, v, e})
	case *syntax.EntityGroupExpr:
		for _, x := range v.Items {
			if _, ok := b.entity(e, x); !ok {
				return e.with(name, badBinding{})
			}
		}
		return e.with(name, entityGroupBinding{v.Items, e})
	}
	if call, ok := s.Value.(*syntax.CallExpr); ok && call.Name.Name == "materialize" && len(call.Args) == 1 && b.isTabular(e, call.Args[0]) {
		return e.with(name, b.share(e, call))
	}
	if !b.isTabular(e, s.Value) {
		x := b.scalarExpr(scalarsOnly(e), s.Value)
		if v, ok := b.opts.Set[name]; ok && len(b.inside) == 0 && !isBad(x) {
			x = b.convert(lit(v), x.Type())
		}
		if isBad(x) {
			return e.with(name, badBinding{})
		}
		return e.with(name, scalarBinding{x})
	}
	// Bound once here so that faults are reported even if the name is never used, and once for each use.
	first := b.tableExpr(e, s.Value)
	if first == nil {
		return e.with(name, badBinding{})
	}
	inside := b.inside
	return e.with(name, tableBinding{func() *table {
		if t := first; t != nil { // the first use takes the plan that is already there
			first = nil
			return t
		}
		here := b.inside
		b.inside = inside
		defer func() { b.inside = here }()
		return b.tableExpr(e, s.Value)
	}})
}

func (b *binder) queryParams(s *syntax.DeclareParamsStmt, e *env) *env {
	for _, p := range s.Params {
		tn, ok := p.Type.(*syntax.TypeName)
		if !ok {
			b.errUnsupported(p.Span(), "a tabular query parameter")
			continue
		}
		t, known := types.Parse(tn.Name)
		if !known {
			b.add("KS160", tn.Span(), fmt.Sprintf("'%s' is no type", tn.Name))
			continue
		}
		switch v, given := b.opts.Params[p.Name.Name]; {
		case given:
			e = e.with(p.Name.Name, scalarBinding{b.cast(lit(v), t)})
		case p.Default != nil:
			x := b.scalarExpr(scalarsOnly(e), p.Default)
			if !b.defaultFits(p, x, t) {
				continue
			}
			e = e.with(p.Name.Name, scalarBinding{b.convert(x, t)})
		default:
			e = e.with(p.Name.Name, scalarBinding{lit(types.Null(t))})
		}
	}
	return e
}

// defaultFits reports the default of a parameter that has another type than the parameter.
func (b *binder) defaultFits(p *syntax.Param, x rel.Expr, t types.Type) bool {
	from := x.Type()
	if isBad(x) || from == t || from.IsNumeric() && t.IsNumeric() || b.nulls[x] {
		return true
	}
	b.add("KS141", p.Default.Span(), fmt.Sprintf("the default of '%s' must be of type %s, it is %s", p.Name.Name, t, from))
	return false
}

// isTabular tells whether an expression is tabular, from its form and the names it begins with; it reports
// nothing.
func (b *binder) isTabular(e *env, x syntax.Expr) bool {
	switch x := x.(type) {
	case *syntax.Pipe:
		return len(x.Ops) > 0 || x.Source != nil && b.isTabular(e, x.Source)
	case *syntax.ParenExpr:
		return b.isTabular(e, x.X)
	case *syntax.DataTableExpr, *syntax.ExternalDataExpr, *syntax.DataScopeExpr, *syntax.ContextualDataTableExpr:
		return true
	case *syntax.PathExpr:
		if _, ok := entityOf(e, x.X); ok {
			id, isName := x.Sel.(*syntax.Ident)
			return !isName || !strings.HasPrefix(id.Name, "$")
		}
		c, ok := x.X.(*syntax.CallExpr)
		if ok {
			if _, isPattern := patternOf(e, c); isPattern {
				return true
			}
		}
		if inner, isPath := x.X.(*syntax.PathExpr); isPath {
			return b.isTabular(e, inner)
		}
		return ok && (c.Name.Name == "database" || c.Name.Name == "cluster" || c.Name.Name == "workspace" || c.Name.Name == "app" || c.Name.Name == "resource" || c.Name.Name == "adx" || c.Name.Name == "arg")
	case *syntax.Ident:
		if d, ok := e.lookup(x.Name); ok {
			switch d := d.(type) {
			case tableBinding:
				return true
			case funcBinding:
				return b.bodyTabular(d.env, d.fn.Params, d.fn.Body)
			}
			return false
		}
		if f, ok := b.storedFunc(e, x.Name); ok {
			return b.storedTabular(f)
		}
		_, ok := b.storedTable(e, x.Name)
		return ok
	case *syntax.CallExpr:
		name := x.Name.Name
		if d, ok := e.lookup(name); ok {
			if f, ok := d.(funcBinding); ok {
				return b.bodyTabular(f.env, f.fn.Params, f.fn.Body)
			}
			if _, ok := d.(patternBinding); ok {
				return true
			}
		}
		switch name {
		case "table", "_GetWatchlist", "external_table", "graph", "materialized_view", "stored_query_result", "totable":
			return true
		case "materialize":
			return len(x.Args) == 1 && b.isTabular(e, x.Args[0])
		}
		if f, ok := b.storedFunc(e, name); ok {
			return b.storedTabular(f)
		}
	}
	return false
}

// bodyTabular tells whether a function's result is tabular, declaring just enough of its names.
func (b *binder) bodyTabular(e *env, params []*syntax.Param, body *syntax.FuncBody) bool {
	if body == nil || body.Result == nil || b.depth >= maxDepth {
		return false
	}
	b.depth++
	defer b.leave()
	for _, p := range params {
		if _, ok := p.Type.(*syntax.SchemaType); ok {
			e = e.with(p.Name.Name, tableBinding{})
		} else {
			e = e.with(p.Name.Name, badBinding{})
		}
	}
	for _, s := range body.Stmts {
		l, ok := s.(*syntax.LetStmt)
		if !ok {
			continue
		}
		if f, ok := l.Value.(*syntax.FuncExpr); ok {
			e = e.with(l.Name.Name, funcBinding{l.Name.Name, f, e})
		} else if b.isTabular(e, l.Value) {
			e = e.with(l.Name.Name, tableBinding{})
		} else {
			e = e.with(l.Name.Name, badBinding{})
		}
	}
	return b.isTabular(e, body.Result)
}

func (b *binder) storedTabular(f *catalog.Function) bool {
	p := b.opts.Functions.parse(f)
	return len(p.diags) > 0 || b.bodyTabular(nil, p.params, p.body)
}

// value binds an expression of either kind.
func (b *binder) value(e *env, x syntax.Expr) value {
	if b.isTabular(e, x) {
		if t := b.tableExpr(e, x); t != nil {
			return t
		}
		return scalar{expr: rel.Bad{}}
	}
	if p, ok := x.(*syntax.Pipe); ok && len(p.Ops) == 0 && p.Source != nil {
		x = p.Source
	}
	if id, ok := x.(*syntax.Ident); ok { // an unknown name alone is taken for a table's
		if _, known := e.lookup(id.Name); !known && !id.IsMissing() {
			b.errTable(id.Span(), id.Name)
			return scalar{expr: rel.Bad{}}
		}
	}
	return scalar{b.scalarExpr(scalarsOnly(e), x), ""}
}

// tableExpr binds an expression that must be tabular; nil after a fault.
func (b *binder) tableExpr(e *env, x syntax.Expr) *table {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return b.tableExpr(e, x.X)
	case *syntax.Pipe:
		return b.pipe(e, nil, x)
	case *syntax.Ident:
		return b.namedTable(e, x)
	case *syntax.CallExpr:
		return b.tableCall(e, x)
	case *syntax.PathExpr:
		return b.remoteTable(e, x)
	case *syntax.DataTableExpr:
		return b.datatable(e, x)
	case *syntax.ExternalDataExpr:
		return b.externaldata(e, x)
	case *syntax.DataScopeExpr:
		return b.tableExpr(e, x.X)
	case *syntax.BracketExpr:
		return b.tableExpr(e, x.X)
	case *syntax.BadExpr, nil:
		return nil
	case *syntax.NamedExpr:
		return b.tableExpr(e, x.Value)
	}
	b.errTabularExpected(x.Span())
	return nil
}

// pipe binds source | operators. in is the input where the pipe has no source of its own.
func (b *binder) pipe(e *env, in *table, p *syntax.Pipe) *table {
	t, _ := b.pipeNaming(e, in, p)
	return t
}

// pipeNaming is pipe for a statement of the query: the scope comes back with the names that as gave.
func (b *binder) pipeNaming(e *env, in *table, p *syntax.Pipe) (*table, *env) {
	b.pipes++
	defer func() { b.pipes-- }()
	t := in
	if p.Source != nil {
		if t = b.tableExpr(e, p.Source); t == nil {
			return nil, e
		}
		b.trace(p.Source.Span(), t)
	}
	for _, op := range p.Ops {
		if t, e = b.op(e, t, op); t == nil {
			return nil, e
		}
		b.trace(op.Span(), t)
	}
	return t, e
}

// trace reports a stage of a pipe of the query itself.
func (b *binder) trace(span source.Span, t *table) {
	if b.opts.Trace != nil && len(b.inside) == 0 {
		b.opts.Trace(Step{Span: span, Depth: b.pipes - 1, Plan: b.withShares(t.node)})
	}
}

func (b *binder) namedTable(e *env, id *syntax.Ident) *table {
	if id.IsMissing() {
		return nil
	}
	if d, ok := e.lookup(id.Name); ok {
		switch d := d.(type) {
		case tableBinding:
			return d.bind()
		case funcBinding:
			return b.tableOf(b.callLet(scalarsOnly(e), d, nil, id), id.Span())
		case scalarBinding, entityBinding, entityGroupBinding:
			b.errTabularExpected(id.Span())
		}
		return nil
	}
	if f, ok := b.storedFunc(e, id.Name); ok {
		return b.tableOf(b.callStored(scalarsOnly(e), f, nil, id.Span()), id.Span())
	}
	if t, ok := b.storedTable(e, id.Name); ok {
		return b.scan(t)
	}
	b.errTable(id.Span(), id.Name)
	return nil
}

// hints says, of the names of tables that do not resolve, which ones may have been meant. It looks at thousands of
// names, and most parsers name tables in fuzzy unions that not every workspace has: so it comes last, for the faults
// that were not taken back.
func (b *binder) hints() {
	for i, name := range b.misspelt {
		if near := b.opts.Catalog.SuggestTable(name); len(near) > 0 && i < len(b.diags) {
			b.diags[i].Hint = hintFor(near[0])
		}
	}
}

func (b *binder) tableOf(v value, span source.Span) *table {
	switch v := v.(type) {
	case *table:
		return v
	case scalar:
		if !isBad(v.expr) {
			b.errTabularExpected(span)
		}
	}
	return nil
}

// scan reads a stored table, within the time bounds of the run.
func (b *binder) scan(t *catalog.Table) *table {
	b.used[t.Name] = true
	s := &rel.Scan{Table: t.Name, Source: t.StoredNames()}
	stored := s.Source
	s.Source = nil
	bounds := timeColumn
	if b.opts.ByIngestion {
		bounds = ingestionColumn
	}
	for i, c := range t.Stored() {
		if b.opts.Bounded && c.Name == bounds && c.Type == types.Datetime {
			s.Bounded, s.TimeCol, s.From, s.To = true, stored[i], b.opts.From, b.opts.To
		}
		if i >= len(t.Columns) && !b.named(c.Name) {
			continue
		}
		s.Out, s.Source = append(s.Out, b.newCol(c.Name, c.Type)), append(s.Source, stored[i])
	}
	return &table{node: s, cols: s.Out}
}

// named tells whether the query's own text names a hidden column.
func (b *binder) named(column string) bool {
	return b.file != nil && strings.Contains(b.file.Text, column)
}

func (b *binder) tableCall(e *env, c *syntax.CallExpr) *table {
	name := c.Name.Name
	if d, ok := e.lookup(name); ok {
		if f, ok := d.(funcBinding); ok {
			return b.tableOf(b.callLet(scalarsOnly(e), f, c.Args, c), c.Span())
		}
		if t, ok := d.(tableBinding); ok && len(c.Args) == 0 {
			return t.bind()
		}
		if p, ok := d.(patternBinding); ok {
			return b.pattern(e, p, c, nil)
		}
	}
	switch name {
	case "materialize":
		if len(c.Args) != 1 {
			b.add("KS119", c.Span(), "materialize expects 1 argument")
			return nil
		}
		return b.tableExpr(e, c.Args[0])
	case "table":
		return b.tableByName(e, c)
	case "_GetWatchlist":
		return b.watchlist(e, c)
	case "external_table", "materialized_view", "stored_query_result", "totable":
		b.errUnsupported(c.Span(), name+"()")
		return nil
	case "graph":
		b.addHint("VQ001", c.Span(), "graph(), which reads a stored graph, is not supported", "make-graph makes a graph of tables")
		return nil
	}
	if f, ok := b.storedFunc(e, name); ok {
		return b.tableOf(b.callStored(scalarsOnly(e), f, c.Args, c.Span()), c.Span())
	}
	if !serviceFuncs[name] {
		b.misspelt[len(b.diags)] = name
	}
	b.errFunction(c.Name.Span(), name, "")
	return nil
}

// tableByName is table("name").
func (b *binder) tableByName(e *env, c *syntax.CallExpr) *table {
	if len(c.Args) == 0 {
		b.add("KS119", c.Span(), "table expects 1 argument")
		return nil
	}
	v, ok := b.constant(e, c.Args[0], "the name of a table")
	if !ok {
		return nil
	}
	if t, ok := b.storedTable(e, v.Text()); ok {
		return b.scan(t)
	}
	if d, ok := e.lookup(v.Text()); ok {
		if t, ok := d.(tableBinding); ok {
			return t.bind()
		}
	}
	if f, ok := b.storedFunc(e, v.Text()); ok {
		return b.tableOf(b.callStored(scalarsOnly(e), f, nil, c.Span()), c.Span())
	}
	b.errTable(c.Args[0].Span(), v.Text())
	return nil
}

// remoteTable is workspace("w").T, database("d").T and the like: one vedette is one workspace, so the name
// in front is accepted and the table is its own.
func (b *binder) remoteTable(e *env, p *syntax.PathExpr) *table {
	if !b.isTabular(e, p) {
		b.errTabularExpected(p.Span())
		return nil
	}
	if c, ok := p.X.(*syntax.CallExpr); ok {
		if pat, ok := patternOf(e, c); ok {
			return b.pattern(e, pat, c, p.Sel)
		}
	}
	switch sel := p.Sel.(type) {
	case *syntax.Ident:
		return b.namedTable(e.restrictions(), sel)
	case *syntax.CallExpr:
		return b.tableCall(e.restrictions(), sel)
	}
	b.errTabularExpected(p.Span())
	return nil
}

// watchlist is _GetWatchlist("alias"): the watchlist's columns behind the three that every one has.
func (b *binder) watchlist(e *env, c *syntax.CallExpr) *table {
	if len(c.Args) == 0 {
		b.add("KS119", c.Span(), "_GetWatchlist expects the alias of a watchlist")
		return nil
	}
	arg := c.Args[0]
	if n, ok := arg.(*syntax.NamedExpr); ok {
		arg = n.Value
	}
	v, ok := b.constant(e, arg, "the alias of a watchlist")
	if !ok {
		return nil
	}
	w, ok := b.opts.Catalog.Watchlist(v.Text())
	out := &rel.Values{}
	if !ok {
		// An unknown watchlist is an empty one, with any column: parsers ask for optional ones.
		for _, col := range watchlistColumns {
			out.Out = append(out.Out, b.newCol(col.Name, col.Type))
		}
		return &table{node: out, cols: out.Out, open: true}
	}
	for _, col := range w.Table.Schema {
		out.Out = append(out.Out, b.newCol(col.Name, col.Type))
	}
	out.Rows = w.Table.Rows
	return &table{node: out, cols: out.Out}
}

// watchlistColumns are what every watchlist has.
var watchlistColumns = types.Schema{
	{Name: "_DTItemId", Type: types.String}, {Name: "LastUpdatedTimeUTC", Type: types.Datetime}, {Name: "SearchKey", Type: types.String},
}

func (b *binder) datatable(e *env, d *syntax.DataTableExpr) *table {
	cols, ok := b.rowSchema(d.Schema)
	if !ok {
		return nil
	}
	if len(cols) == 0 || len(d.Values)%len(cols) != 0 {
		b.add("KS173", d.Span(), fmt.Sprintf("the number of values, %d, is no multiple of the number of columns, %d", len(d.Values), len(cols)))
		return nil
	}
	out := &rel.Values{Out: cols}
	for i := 0; i < len(d.Values); i += len(cols) {
		rowVals := make([]types.Value, len(cols))
		for j, c := range cols {
			v, ok := b.constant(e, d.Values[i+j], "a value of a datatable")
			if !ok {
				return nil
			}
			conv, isConst := rel.Const(b.convert(lit(v), c.Type))
			if !isConst {
				panic("bind: a conversion of a constant did not fold")
			}
			rowVals[j] = conv
		}
		out.Rows = append(out.Rows, rowVals)
	}
	return b.inRowOrder(out)
}

// inRowOrder gives rows that were written in a query a hidden number, so that what depends on the order of
// rows (make_list, row_number) follows the order they are written in.
func (b *binder) inRowOrder(v *rel.Values) *table {
	visible := v.Out
	n := b.newCol("$row", types.Long)
	v.Out = append(append([]rel.Col(nil), visible...), n)
	for i := range v.Rows {
		v.Rows[i] = append(v.Rows[i], types.LongOf(int64(i)))
	}
	return &table{node: v, cols: visible, order: []rel.Key{{Col: n}}}
}

func (b *binder) rowSchema(s *syntax.RowSchema) ([]rel.Col, bool) {
	if s == nil {
		return nil, false
	}
	var cols []rel.Col
	seen := map[string]bool{}
	for _, c := range s.Columns {
		tn, ok := c.Type.(*syntax.TypeName)
		if !ok {
			b.add("KS170", c.Span(), "expected column:type")
			return nil, false
		}
		t, known := types.Parse(tn.Name)
		if !known {
			b.add("KS160", tn.Span(), fmt.Sprintf("'%s' is no type", tn.Name))
			return nil, false
		}
		if seen[c.Name.Name] {
			b.errDuplicate(c.Name.Span(), c.Name.Name)
			return nil, false
		}
		seen[c.Name.Name] = true
		cols = append(cols, b.newCol(c.Name.Name, t))
	}
	return cols, true
}

// externaldata reads rows from outside, if the operator of this vedette allowed the place.
func (b *binder) externaldata(e *env, x *syntax.ExternalDataExpr) *table {
	cols, ok := b.rowSchema(x.Schema)
	if !ok {
		return nil
	}
	var uris []string
	for _, l := range x.Locations {
		v, ok := b.constant(e, l, "the place of external data")
		if !ok {
			return nil
		}
		uris = append(uris, v.ToText())
	}
	props := map[string]string{}
	for _, p := range x.With {
		if v, ok := p.Value.(*syntax.Lit); ok {
			props[p.Name] = v.Text
		} else if id, ok := p.Value.(*syntax.Ident); ok {
			props[p.Name] = id.Name
		}
	}
	out := &rel.Values{Out: cols}
	if b.opts.External != nil {
		schema := make(types.Schema, len(cols))
		for i, c := range cols {
			schema[i] = types.Column{Name: c.Name, Type: c.Type}
		}
		rows, err := b.opts.External(uris, schema, props)
		if errors.Is(err, ErrNotAllowed) && b.opts.EmptyExternal {
			b.warn("VQ004", x.Span(), "externaldata was not read: it has no rows here ("+err.Error()+")")
			return &table{node: out, cols: cols}
		}
		if err != nil {
			b.addHint("VQ003", x.Span(), "externaldata: "+err.Error(), "allow the place with --external")
			return nil
		}
		out.Rows = rows
	} else {
		b.warn("VQ004", x.Span(), "externaldata was not read: it has no rows here")
	}
	return &table{node: out, cols: cols}
}
