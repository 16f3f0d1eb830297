package bind

import (
	"sort"

	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// op binds one operator over its input (nil where the operator begins the query). The scope comes back
// because as declares a name. Operators are listed by the type of their node; what is not here is refused.
func (b *binder) op(e *env, in *table, op syntax.Op) (*table, *env) {
	if b.opts.Stop != nil && !b.stopped {
		b.stopped = b.opts.Stop() != nil
	}
	if b.stopped {
		return nil, e
	}
	switch o := op.(type) {
	case *syntax.PrintOp:
		return b.print(e, o), e
	case *syntax.RangeOp:
		return b.rangeOp(e, o), e
	case *syntax.UnionOp:
		return b.union(e, in, o), e
	case *syntax.SearchOp:
		return b.search(e, in, o), e
	case *syntax.EvaluateOp:
		return b.evaluate(e, in, o), e
	case *syntax.FindOp:
		return b.find(e, in, o), e
	case *syntax.MacroExpandOp:
		return b.macroExpand(e, in, o), e
	case *syntax.InlineExternalTableOp:
		b.addHint("VQ001", o.WordSpan(), "the operator 'inline_external_table' is not supported", "externaldata reads places that are allowed")
		return nil, e
	case *syntax.BadOp:
		return nil, e
	}
	if in == nil {
		b.add("KS174", op.WordSpan(), "'"+op.Word()+"' cannot be the first operator of a query")
		return nil, e
	}
	if isGraphOp(op) {
		return b.graphOp(e, in, op)
	}
	if in.graph != nil {
		b.addHint("KS174", op.WordSpan(), "'"+op.Word()+"' does not take a graph", "graph-match, graph-shortest-paths and graph-to-table make a table of a graph")
		return nil, e
	}
	switch o := op.(type) {
	case *syntax.MakeGraphOp:
		return b.makeGraph(e, in, o), e
	case *syntax.AsOp:
		return b.as(e, in, o)
	case *syntax.WhereOp:
		return b.where(e, in, o.Predicate), e
	case *syntax.ExtendOp:
		return b.extend(e, in, o.Columns), e
	case *syntax.SerializeOp:
		return b.serialize(e, in, o), e
	case *syntax.ProjectOp:
		return b.project(e, in, o), e
	case *syntax.ProjectAwayOp:
		return b.projectAway(e, in, o), e
	case *syntax.ProjectKeepOp:
		return b.projectKeep(e, in, o), e
	case *syntax.ProjectRenameOp:
		return b.projectRename(in, o), e
	case *syntax.ProjectReorderOp:
		return b.projectReorder(in, o), e
	case *syntax.DistinctOp:
		return b.distinct(e, in, o), e
	case *syntax.SummarizeOp:
		return b.summarize(e, in, o), e
	case *syntax.CountOp:
		return b.count(in, o), e
	case *syntax.SortOp:
		return b.sort(e, in, o.By), e
	case *syntax.TopOp:
		return b.top(e, in, o), e
	case *syntax.TakeOp:
		return b.take(e, in, o.Count), e
	case *syntax.JoinOp:
		return b.join(e, in, o), e
	case *syntax.LookupOp:
		return b.lookup(e, in, o), e
	case *syntax.MvExpandOp:
		return b.mvExpand(e, in, o), e
	case *syntax.MvApplyOp:
		return b.mvApply(e, in, o), e
	case *syntax.ScanOp:
		return b.scanRows(e, in, o), e
	case *syntax.GetSchemaOp:
		return b.getschema(in), e
	case *syntax.ParseOp:
		return b.parse(e, in, o.Params, o.X, o.Pattern, false), e
	case *syntax.ParseWhereOp:
		return b.parse(e, in, o.Params, o.X, o.Pattern, true), e
	case *syntax.ParseKvOp:
		return b.parseKv(e, in, o), e
	case *syntax.PartitionOp:
		return b.partition(e, in, o.By, o.In, o.Body), e
	case *syntax.PartitionByOp:
		return b.partitionBy(e, in, o), e
	case *syntax.SampleOp:
		return b.sample(e, in, o), e
	case *syntax.SampleDistinctOp:
		return b.sampleDistinct(e, in, o), e
	case *syntax.ReduceOp:
		return b.reduce(e, in, o), e
	case *syntax.TopHittersOp:
		return b.topHitters(e, in, o), e
	case *syntax.ForkOp:
		return b.fork(e, in, o)
	case *syntax.FacetOp:
		return b.facet(e, in, o), e
	case *syntax.AssertSchemaOp:
		return b.assertSchema(in, o), e
	case *syntax.ProjectByNamesOp:
		return b.projectByNames(e, in, o), e
	case *syntax.ExecuteAndCacheOp:
		return in, e
	case *syntax.TopNestedOp:
		return b.topNested(e, in, o), e
	case *syntax.MakeSeriesOp:
		return b.makeSeries(e, in, o), e
	case *syntax.RenderOp:
		return b.renderOp(in, o), e
	case *syntax.InvokeOp:
		return b.invoke(e, in, o), e
	case *syntax.ConsumeOp:
		return b.consume(in), e
	}
	b.errUnsupported(op.WordSpan(), "the operator '"+op.Word()+"'")
	return nil, e
}

// where keeps the rows for which a predicate is true.
func (b *binder) where(e *env, in *table, pred syntax.Expr) *table {
	r := &row{t: in, env: e, window: windowable(in)}
	p := b.scalarExpr(r, pred)
	p = b.asBool(p, pred.Span(), false)
	if isBad(p) {
		return nil
	}
	if v, ok := rel.Const(p); ok && !v.IsNull() && v.Bool() {
		return in
	}
	out := *in
	out.node = &rel.Filter{In: windowed(r, in), Pred: p}
	return &out
}

// windowable is the table that window functions of a row are added to: only rows in an order have them.
func windowable(in *table) *table {
	c := *in
	return &c
}

// windowed is the input of an operator after the window functions its expressions needed were added.
func windowed(r *row, in *table) rel.Node {
	if r.window != nil {
		return r.window.node
	}
	return in.node
}

// item is one column that project, extend, print … compute.
type item struct {
	name     string
	expr     rel.Expr
	explicit bool
	span     source.Span
	self     bool // a column that is passed on under its own name
}

// passesOn tells whether an expression is just a column: its name, or its conversion to the type it has.
func passesOn(x syntax.Expr, v rel.Expr) bool {
	switch x := x.(type) {
	case *syntax.ParenExpr:
		return passesOn(x.X, v)
	case *syntax.Ident:
		_, ok := v.(*rel.ColRef)
		return ok
	case *syntax.CallExpr:
		if c, ok := v.(*rel.Call); ok && len(x.Args) == 1 && len(c.Args) == 1 && conversions[c.T] == c.Fn.Name {
			v = c.Args[0]
			_, direct := x.Args[0].(*syntax.Ident)
			return direct && v.Type() == c.T && passesOn(x.Args[0], v)
		}
		if _, ok := v.(*rel.ColRef); ok && len(x.Args) == 1 && conversions[v.Type()] == x.Name.Name {
			_, direct := x.Args[0].(*syntax.Ident)
			return direct
		}
	}
	return false
}

// items binds a list of columns; a function with several results gives several.
func (b *binder) items(r *row, list []syntax.Expr) ([]item, bool) {
	var out []item
	ok := true
	for _, x := range list {
		its, good := b.itemsOf(r, x)
		ok = ok && good
		out = append(out, its...)
	}
	return out, ok
}

func (b *binder) itemsOf(r *row, x syntax.Expr) ([]item, bool) {
	var given []*syntax.Ident
	value := x
	if n, ok := x.(*syntax.NamedExpr); ok {
		given, value = n.Names, n.Value
	}
	if multi, ok := b.multiColumn(r, value, given); ok {
		return multi, multi != nil
	}
	v := b.scalarExpr(r, value)
	if isBad(v) {
		return []item{{name: b.nameOf(r, x), expr: rel.Bad{}, span: x.Span()}}, false
	}
	switch len(given) {
	case 0:
		return []item{{b.nameOf(r, value), v, false, x.Span(), passesOn(value, v)}}, true
	case 1:
		return []item{{given[0].Name, v, true, x.Span(), false}}, true
	}
	if v.Type() == types.Dynamic { // (a, b) = dynamic array
		var out []item
		for i, g := range given {
			out = append(out, item{g.Name, b.apply("[]", x.Span(), v, lit(types.LongOf(int64(i)))), true, x.Span(), false})
		}
		return out, true
	}
	b.add("KS149", x.Span(), "the expression does not have several values")
	return nil, false
}

// multiColumn binds a call of a function with several result columns (series_stats and the like).
func (b *binder) multiColumn(r *row, x syntax.Expr, given []*syntax.Ident) ([]item, bool) {
	c, ok := x.(*syntax.CallExpr)
	if !ok {
		return nil, false
	}
	fn, ok := b.lookupForName(r, c)
	if !ok || fn.Columns == nil {
		return nil, false
	}
	args, spans, ok := b.args(r, c.Args)
	if !ok {
		return nil, true
	}
	v := b.overload(fn, args, spans, c.Span())
	if isBad(v) {
		return nil, true
	}
	named := CallArgs(args)
	for i := range named {
		if i < len(c.Args) {
			named[i].Name = b.nameOf(r, c.Args[i])
		}
	}
	cols := fn.Columns(named)
	if len(cols) < 2 {
		return nil, false
	}
	var out []item
	for i, col := range cols {
		it := item{name: col.Name, span: x.Span()}
		if i < len(given) {
			it.name, it.explicit = given[i].Name, true
		}
		it.expr = b.convert(b.apply("[]", x.Span(), v, lit(types.LongOf(int64(i)))), col.Type)
		out = append(out, it)
	}
	return out, true
}

// extend adds columns, or puts new ones in the place of old ones of the same name.
func (b *binder) extend(e *env, in *table, list []syntax.Expr) *table {
	r := &row{t: in, env: e, window: windowable(in)}
	its, ok := b.items(r, list)
	if !ok {
		return nil
	}
	return b.extendItems(windowed(r, in), in, its)
}

func (b *binder) extendItems(node rel.Node, in *table, its []item) *table {
	cols := append([]rel.Col(nil), in.cols...)
	n := newNames()
	items := make([]rel.Item, 0, len(its))
	for _, it := range its {
		name := it.name
		switch {
		case name == "":
			for _, c := range cols {
				n.taken[c.Name] = true
			}
			name = n.column("")
		case it.explicit || it.self:
			if n.declared[name] {
				b.errDuplicate(it.span, name)
				return nil
			}
			n.declared[name] = true
		}
		col := b.newColFor(name, it.expr)
		items = append(items, rel.Item{Col: col, Expr: it.expr})
		if i := colIndex(cols, name); i >= 0 {
			cols[i] = col
		} else {
			cols = append(cols, col)
		}
	}
	return in.put(node, cols, items)
}

// put is in behind a projection that gives cols, some of which are computed by items, and what in hides.
func (t *table) put(node rel.Node, cols []rel.Col, items []rel.Item) *table {
	out := *t
	out.cols = cols
	hidden := t.hidden(cols)
	p := &rel.Project{In: node, Items: make([]rel.Item, 0, len(cols)+len(hidden))}
	refs := make([]rel.ColRef, 0, len(cols)+len(hidden)) // one allocation for all
	for _, list := range [][]rel.Col{cols, hidden} {
		for _, c := range list {
			if i := itemIndex(items, c.ID); i >= 0 {
				p.Items = append(p.Items, items[i])
				continue
			}
			refs = append(refs, rel.ColRef{ID: c.ID, T: c.Type})
			p.Items = append(p.Items, rel.Item{Col: c, Expr: &refs[len(refs)-1]})
		}
	}
	out.node = p
	return &out
}

func colIndex(cols []rel.Col, name string) int {
	for i, c := range cols {
		if c.Name == name {
			return i
		}
	}
	return -1
}

func itemIndex(items []rel.Item, id rel.ColID) int {
	for i, it := range items {
		if it.Col.ID == id {
			return i
		}
	}
	return -1
}

// project puts out just the columns of a list.
func (b *binder) project(e *env, in *table, o *syntax.ProjectOp) *table {
	r := &row{t: in, env: e, window: windowable(in)}
	its, ok := b.items(r, o.Columns)
	if !ok {
		return nil
	}
	return b.projectItems(windowed(r, in), in, its)
}

func (b *binder) projectItems(node rel.Node, in *table, its []item) *table {
	n := newNames()
	p := &rel.Project{In: node}
	out := *in
	out.cols = nil
	for _, it := range its {
		name, ok := n.give(it)
		if !ok {
			b.errDuplicate(it.span, name)
			return nil
		}
		// A column that is passed on keeps its number: the order and hidden columns may refer to it.
		if c, isCol := it.expr.(*rel.ColRef); isCol && itemIndex(p.Items, c.ID) < 0 {
			col := rel.Col{ID: c.ID, Name: name, Type: c.T}
			p.Items = append(p.Items, rel.Item{Col: col, Expr: it.expr})
			out.cols = append(out.cols, col)
			continue
		}
		col := b.newColFor(name, it.expr)
		p.Items = append(p.Items, rel.Item{Col: col, Expr: it.expr})
		out.cols = append(out.cols, col)
	}
	for _, h := range in.hidden(out.cols) {
		p.Items = append(p.Items, rel.Item{Col: h, Expr: h.Ref()})
	}
	out.bag = nil
	out.node = p
	return &out
}

// keep puts out some of the columns, in a new order.
func (b *binder) keep(in *table, cols []rel.Col) *table {
	return in.put(in.node, cols, nil)
}

// matches lists the columns that a name or a wildcard stands for.
func matches(cols []rel.Col, id *syntax.Ident) []rel.Col {
	var out []rel.Col
	for _, c := range cols {
		if c.Name == id.Name || id.IsWildcard() && wildcard(id.Name, c.Name) {
			out = append(out, c)
		}
	}
	return out
}

// wildcard tells whether name fits a pattern with asterisks. Names are case-sensitive.
func wildcard(pattern, name string) bool {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '*' {
			for j := 0; j <= len(name); j++ {
				if wildcard(pattern[i+1:], name[j:]) {
					return true
				}
			}
			return false
		}
		if name == "" || name[0] != pattern[i] {
			return false
		}
		name = name[1:]
	}
	return name == ""
}

// columnList resolves the names and wildcards of project-away, -keep and -reorder.
func (b *binder) columnList(in *table, list []syntax.Expr) ([][]rel.Col, bool) {
	var out [][]rel.Col
	for _, x := range list {
		if o, ok := x.(*syntax.OrderedExpr); ok {
			x = o.X
		}
		if _, ok := x.(*syntax.StarExpr); ok {
			out = append(out, in.cols)
			continue
		}
		id, ok := x.(*syntax.Ident)
		if !ok {
			b.errColumnExpected(x.Span())
			return nil, false
		}
		if id.IsMissing() {
			return nil, false
		}
		m := matches(in.cols, id)
		if len(m) == 0 && !in.open && (!id.IsWildcard() || len(b.inside) == 0) {
			b.errName(id.Span(), id.Name, b.nearName(&row{t: in}, id.Name))
			return nil, false
		}
		out = append(out, m)
	}
	return out, true
}

func (b *binder) projectAway(_ *env, in *table, o *syntax.ProjectAwayOp) *table {
	lists, ok := b.columnList(in, o.Columns)
	if !ok {
		return nil
	}
	var cols []rel.Col
	for _, c := range in.cols {
		away := false
		for _, l := range lists {
			away = away || hasCol(l, c.ID)
		}
		if !away {
			cols = append(cols, c)
		}
	}
	return b.keep(in, cols)
}

func (b *binder) projectKeep(_ *env, in *table, o *syntax.ProjectKeepOp) *table {
	lists, ok := b.columnList(in, o.Columns)
	if !ok {
		return nil
	}
	var cols []rel.Col
	for _, c := range in.cols {
		for _, l := range lists {
			if hasCol(l, c.ID) {
				cols = append(cols, c)
				break
			}
		}
	}
	return b.keep(in, cols)
}

func (b *binder) projectRename(in *table, o *syntax.ProjectRenameOp) *table {
	cols := append([]rel.Col(nil), in.cols...)
	var unknown []item // columns of an open table that are known when the query runs
	for _, x := range o.Columns {
		n, ok := x.(*syntax.NamedExpr)
		if !ok || len(n.Names) != 1 {
			b.add("KS148", x.Span(), "expected new = old")
			return nil
		}
		old, ok := n.Value.(*syntax.Ident)
		if !ok {
			b.errColumnExpected(n.Value.Span())
			return nil
		}
		i := colIndex(in.cols, old.Name)
		if i < 0 {
			if in.open {
				unknown = append(unknown, item{n.Names[0].Name, b.openColumn(in, old.Name), true, x.Span(), false})
				continue
			}
			b.errName(old.Span(), old.Name, b.nearName(&row{t: in}, old.Name))
			return nil
		}
		if j := colIndex(cols, n.Names[0].Name); j >= 0 && j != i {
			b.errDuplicate(n.Names[0].Span(), n.Names[0].Name)
			return nil
		}
		cols[i].Name = n.Names[0].Name
	}
	out := b.keep(in, cols)
	if len(unknown) > 0 {
		return b.extendItems(out.node, out, unknown)
	}
	return out
}

func (b *binder) projectReorder(in *table, o *syntax.ProjectReorderOp) *table {
	lists, ok := b.columnList(in, o.Columns)
	if !ok {
		return nil
	}
	// A name that stands alone in the list wins over a wildcard that also fits.
	single := map[rel.ColID]bool{}
	for i, x := range o.Columns {
		if id, isName := plain(x).(*syntax.Ident); isName && !id.IsWildcard() {
			for _, c := range lists[i] {
				if single[c.ID] && len(b.inside) == 0 {
					b.errDuplicate(id.Span(), id.Name)
					return nil
				}
				single[c.ID] = true
			}
		}
	}
	var cols []rel.Col
	for i, x := range o.Columns {
		l := append([]rel.Col(nil), lists[i]...)
		if ord, isOrd := x.(*syntax.OrderedExpr); isOrd {
			sort.SliceStable(l, func(i, j int) bool {
				less := lessName(l[i].Name, l[j].Name, ord.Dir)
				if ord.Dir == syntax.OrderDesc || ord.Dir == syntax.OrderGrannyDesc {
					return lessName(l[j].Name, l[i].Name, ord.Dir)
				}
				return less
			})
		}
		id, isName := plain(x).(*syntax.Ident)
		for _, c := range l {
			if hasCol(cols, c.ID) || single[c.ID] && (!isName || id.IsWildcard()) {
				continue
			}
			cols = append(cols, c)
		}
	}
	for _, c := range in.cols {
		if !hasCol(cols, c.ID) {
			cols = append(cols, c)
		}
	}
	return b.keep(in, cols)
}

func plain(x syntax.Expr) syntax.Expr {
	if o, ok := x.(*syntax.OrderedExpr); ok {
		return o.X
	}
	return x
}

// lessName compares column names; granny order takes runs of digits as numbers.
func lessName(a, c string, dir syntax.Direction) bool {
	if dir != syntax.OrderGrannyAsc && dir != syntax.OrderGrannyDesc {
		return a < c
	}
	for a != "" && c != "" {
		na, ra := digits(a)
		nc, rc := digits(c)
		if na != "" && nc != "" {
			if len(na) != len(nc) {
				return len(na) < len(nc)
			}
			if na != nc {
				return na < nc
			}
			a, c = ra, rc
			continue
		}
		if a[0] != c[0] {
			return a[0] < c[0]
		}
		a, c = a[1:], c[1:]
	}
	return len(a) < len(c)
}

// digits splits off a leading number, without its leading zeros.
func digits(s string) (number, rest string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 0 {
		return "", s
	}
	j := 0
	for j < i-1 && s[j] == '0' {
		j++
	}
	return s[j:i], s[i:]
}

// as names the rows so far for the rest of the query.
func (b *binder) as(e *env, in *table, o *syntax.AsOp) (*table, *env) {
	bind := b.shared(in).(tableBinding)
	out := bind.bind()
	out.as, out.asNode = o.Name.Name, out.node
	return out, e.with(o.Name.Name, bind)
}

// getschema gives a row for each column.
func (b *binder) getschema(in *table) *table {
	v := &rel.Values{Out: []rel.Col{
		b.newCol("ColumnName", types.String), b.newCol("ColumnOrdinal", types.Long),
		b.newCol("DataType", types.String), b.newCol("ColumnType", types.String),
	}}
	for i, c := range in.cols {
		v.Rows = append(v.Rows, []types.Value{types.StringOf(c.Name), types.LongOf(int64(i)), types.StringOf(dotnet[c.Type]), types.StringOf(c.Type.String())})
	}
	return b.inRowOrder(v)
}

// dotnet are the names that getschema shows in DataType.
var dotnet = map[types.Type]string{
	types.Bool: "System.SByte", types.Int: "System.Int32", types.Long: "System.Int64", types.Real: "System.Double",
	types.Decimal: "System.Data.SqlTypes.SqlDecimal", types.String: "System.String", types.Datetime: "System.DateTime",
	types.Timespan: "System.TimeSpan", types.Guid: "System.Guid", types.Dynamic: "System.Object",
}

// renderOp keeps the chart for whoever shows the result; the rows pass.
func (b *binder) renderOp(in *table, o *syntax.RenderOp) *table {
	b.render = map[string]string{"visualization": o.Chart}
	for _, p := range append(o.Params[:len(o.Params):len(o.Params)], o.With...) {
		switch v := p.Value.(type) {
		case *syntax.Lit:
			b.render[p.Name] = v.Text
		case *syntax.Ident:
			b.render[p.Name] = v.Name
		case nil:
			b.render[p.Name] = ""
		default:
			b.render[p.Name] = syntax.Print(v, syntax.Compact)
		}
	}
	return in
}

// consume reads everything and gives nothing.
func (b *binder) consume(in *table) *table {
	out := *in
	out.node = &rel.Filter{In: in.node, Pred: lit(types.BoolOf(false))}
	return &out
}

// invoke calls a function with the rows so far as its first argument.
func (b *binder) invoke(e *env, in *table, o *syntax.InvokeOp) *table {
	call, ok := o.Call.(*syntax.CallExpr)
	if !ok {
		b.errUnsupported(o.Call.Span(), "invoke of a function of another database")
		return nil
	}
	bind := b.shared(in).(tableBinding)
	const hidden = "$invoked"
	e2 := e.with(hidden, bind)
	args := append([]syntax.Expr{&syntax.Ident{Name: hidden, Form: syntax.NamePlain}}, call.Args...)
	if d, ok := e.lookup(call.Name.Name); ok {
		if f, ok := d.(funcBinding); ok {
			return b.tableOf(b.callLet(scalarsOnly(e2), f, args, call), call.Span())
		}
	}
	if f, ok := b.storedFunc(e, call.Name.Name); ok {
		return b.tableOf(b.callStored(scalarsOnly(e2), f, args, call.Span()), call.Span())
	}
	b.errFunction(call.Name.Span(), call.Name.Name, "")
	return nil
}
