package bind

import (
	"slices"

	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// scanRows binds scan: it matches rows in order against steps. An expression sees the row, the declared
// columns (with their defaults), and step.column for what a step remembers.
// https://learn.microsoft.com/kusto/query/scan-operator
func (b *binder) scanRows(e *env, in *table, o *syntax.ScanOp) *table {
	if _, p := param(o.Params, "kind"); p != nil {
		b.errUnsupported(p.Value.Span(), "scan with kind")
		return nil
	}
	if o.Order != nil {
		if in = b.sort(e, in, o.Order); in == nil {
			return nil
		}
	}
	if len(in.order) == 0 {
		b.errWindow(o.WordSpan(), "scan")
		return nil
	}
	declared, defaults, ok := b.scanDeclared(e, in, o.Declare)
	if !ok {
		return nil
	}
	args := in.cols[:len(in.cols):len(in.cols)]
	if in.bag != nil && !hasCol(args, in.bag.ID) {
		args = append(args, *in.bag)
	}
	scope := &scanScope{declared: declared, steps: map[string][]rel.Col{}}
	var remembered [][]rel.Col
	for _, s := range o.Steps {
		if _, twice := scope.steps[s.Name.Name]; twice {
			b.add("KS171", s.Name.Span(), "a step called '"+s.Name.Name+"' is already declared")
			return nil
		}
		cols := b.fresh(append(args[:len(args):len(args)], declared...))
		scope.steps[s.Name.Name] = cols
		remembered = append(remembered, cols)
	}
	op := &exec.Scan{Declared: defaults}
	r := &row{t: in, env: e, extra: scope.name, path: scope.member}
	h := b.hoister(in.node.Cols())
	for _, s := range o.Steps {
		st, ok := b.scanStep(r, h, s, declared)
		if !ok {
			return nil
		}
		op.Steps = append(op.Steps, st)
	}
	var keys []rel.Col
	for _, x := range o.Partition {
		v, good := b.key(b.scalarExpr(&row{t: in, env: e}, x), x.Span())
		if !good || isBad(v) {
			return nil
		}
		key := b.newCol("$key", v.Type())
		h.items, keys = append(h.items, rel.Item{Col: key, Expr: v}), append(keys, key)
	}
	node, all := h.node(in.node, args)
	for _, k := range keys {
		op.Partition = append(op.Partition, slices.IndexFunc(all, func(c rel.Col) bool { return c.ID == k.ID }))
	}
	for _, st := range op.Steps {
		for i := range st.Assign {
			if at := st.Assign[i].At - len(in.cols); at >= 0 { // the declared columns stand behind all others
				st.Assign[i].At = len(all) + at
			}
		}
	}
	op.In = colTypes(all)
	op.Slots = exec.Slots(all, declared)
	width := len(all) + len(declared)
	for k, cols := range remembered {
		for i, c := range cols {
			at := i
			if i >= len(args) { // the declared columns stand behind the hoisted ones
				at += len(all) - len(args)
			}
			op.Slots[c.ID] = width*(1+k) + at
		}
	}
	match := b.newCol("$match", types.Long)
	name, p := param(o.Params, "with_match_id")
	if p != nil {
		match.Name = name
		if colIndex(append(args[:len(args):len(args)], declared...), name) >= 0 {
			b.errDuplicate(p.Value.Span(), name)
			return nil
		}
	}
	out := b.native(op, node, in.order, all, append(append(all[:len(all):len(all)], declared...), match))
	out.cols = append(in.cols[:len(in.cols):len(in.cols)], declared...)
	if p != nil {
		out.cols = append(out.cols, match)
	}
	out.open, out.bag, out.explicit = in.open, in.bag, in.explicit
	return out
}

// scanScope resolves the names that only scan's steps know.
type scanScope struct {
	declared []rel.Col
	steps    map[string][]rel.Col
}

func (s *scanScope) name(name string) (rel.Expr, bool) {
	if i := colIndex(s.declared, name); i >= 0 {
		return s.declared[i].Ref(), true
	}
	return nil, false
}

func (s *scanScope) member(base, name string) (rel.Expr, bool) {
	cols, ok := s.steps[base]
	if !ok {
		return nil, false
	}
	if i := colIndex(cols, name); i >= 0 {
		return cols[i].Ref(), true
	}
	return nil, true // a step has no such column
}

func (b *binder) scanDeclared(e *env, in *table, list []*syntax.Param) (cols []rel.Col, defaults []types.Value, ok bool) {
	for _, p := range list {
		tn, isScalar := p.Type.(*syntax.TypeName)
		if !isScalar {
			b.add("KS160", p.Span(), "expected column:type")
			return nil, nil, false
		}
		t, known := types.Parse(tn.Name)
		if !known {
			b.add("KS160", tn.Span(), "'"+tn.Name+"' is no type")
			return nil, nil, false
		}
		if _, taken := in.col(p.Name.Name); taken || colIndex(cols, p.Name.Name) >= 0 {
			b.errDuplicate(p.Name.Span(), p.Name.Name)
			return nil, nil, false
		}
		def := types.Null(t)
		if p.Default != nil {
			v, ok := b.constant(e, p.Default, "the default of a declared column")
			if !ok {
				return nil, nil, false
			}
			conv, isConst := rel.Const(b.convert(lit(v), t))
			if !isConst {
				panic("bind: a conversion of a constant did not fold")
			}
			def = conv
		}
		cols, defaults = append(cols, b.newCol(p.Name.Name, t)), append(defaults, def)
	}
	return cols, defaults, true
}

func (b *binder) scanStep(r *row, h *hoister, s *syntax.ScanStep, declared []rel.Col) (st exec.ScanStep, ok bool) {
	st.Optional = s.Optional
	switch s.Output {
	case "last":
		st.Output = exec.ScanLast
	case "none":
		st.Output = exec.ScanNone
	}
	cond := b.asBool(b.scalarExpr(r, s.Condition), s.Condition.Span(), false)
	if isBad(cond) {
		return st, false
	}
	if st.Condition, ok = h.expr(cond, s.Condition.Span()); !ok {
		return st, false
	}
	for _, a := range s.Assign {
		name := a.Names[0]
		all := append(r.t.cols[:len(r.t.cols):len(r.t.cols)], declared...)
		at := colIndex(all, name.Name)
		if at < 0 {
			b.addHint("KS142", name.Span(), "no column is called '"+name.Name+"'", "a step assigns columns of the input, and those named in declare (…)")
			return st, false
		}
		v := b.scalarExpr(r, a.Value)
		if isBad(v) {
			return st, false
		}
		x, ok := h.expr(b.convert(v, all[at].Type), a.Value.Span())
		if !ok {
			return st, false
		}
		st.Assign = append(st.Assign, exec.ScanAssign{At: at, Value: x})
	}
	return st, true
}
