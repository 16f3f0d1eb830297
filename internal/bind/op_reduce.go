package bind

import (
	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// reduce groups texts that are alike. With kind=source, the documentation has it add the column Pattern; Microsoft's
// parser knows the columns Count and Representative as well, and so does this.
// https://learn.microsoft.com/kusto/query/reduce-operator
func (b *binder) reduce(e *env, in *table, o *syntax.ReduceOp) *table {
	op := &exec.Reduce{Threshold: 0.1}
	if kind, p := param(o.Params, "kind"); p != nil {
		if kind != "source" {
			b.add("KS120", p.Value.Span(), "'"+kind+"' is no kind of reduce: source")
			return nil
		}
		op.Source = true
	}
	for _, p := range o.Params {
		if p.Name == "threshold" || p.Name == "characters" {
			b.addHint("KS179", p.NameSpan, "'"+p.Name+"' cannot stand here", "write it at the end, behind with")
			return nil
		}
	}
	if !b.reduceWith(e, op, o.With) {
		return nil
	}
	r := &row{t: in, env: e, window: windowable(in)}
	by, ok := b.itemsOf(r, o.By)
	if !ok || len(by) != 1 {
		return nil
	}
	text := by[0].expr
	switch t := text.Type(); {
	case isBad(text):
		return nil
	case t == types.Dynamic && b.isUntyped(text):
		text = b.convert(text, types.String)
	case t != types.String:
		b.add("KS141", by[0].span, "reduce needs a string, this is a "+t.String())
		return nil
	}
	found := []rel.Col{b.newCol("Pattern", types.String), b.newCol("Count", types.Long), b.newCol("Representative", types.String)}
	from := *in
	from.node = windowed(r, in)
	node, args := b.computed(&from, text)
	if !op.Source {
		return b.native(op, node, in.order, args, found)
	}
	cols := in.cols[:len(in.cols):len(in.cols)]
	if in.bag != nil && !hasCol(cols, in.bag.ID) {
		cols = append(cols, *in.bag)
	}
	shown := unique(append(in.cols[:len(in.cols):len(in.cols)], found...))
	found = shown[len(in.cols):]
	out := b.native(op, node, in.order, append(args, cols...), append(cols[:len(cols):len(cols)], found...))
	out.cols, out.open, out.bag, out.explicit = shown, in.open, in.bag, in.explicit
	return out
}

// reduceWith reads the properties behind with.
func (b *binder) reduceWith(e *env, op *exec.Reduce, with []*syntax.OpParam) bool {
	for _, p := range with {
		v, ok := b.constant(e, p.Value, "'"+p.Name+"' of reduce")
		if !ok {
			return false
		}
		switch p.Name {
		case "threshold":
			if !v.Type().IsNumeric() {
				b.add("KS224", p.Value.Span(), "'threshold' of reduce takes a number")
				return false
			}
			op.Threshold = v.Float64()
			if v.IsNull() || !(op.Threshold >= 0 && op.Threshold <= 1) {
				b.add("VQ014", p.Value.Span(), "'threshold' of reduce must lie between 0 and 1")
				return false
			}
		case "characters":
			if v.Type() != types.String {
				b.add("KS222", p.Value.Span(), "'characters' of reduce takes a string")
				return false
			}
			op.Characters = v.Text()
		default:
			b.add("KS179", p.NameSpan, "reduce has no property '"+p.Name+"': threshold or characters")
			return false
		}
	}
	return true
}
