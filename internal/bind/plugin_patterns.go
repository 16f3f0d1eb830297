package bind

import (
	"math"
	"strconv"

	"github.com/vedette-siem/vedette/internal/exec"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// basket finds the values that often stand together.
// https://learn.microsoft.com/kusto/query/basket-plugin
func basket(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 0, "Threshold", "WeightColumn", "MaxDimensions")
	// The documentation asks for 0.015 at least; shipped queries give less.
	threshold := a.share("Threshold", 0.05, math.SmallestNonzeroFloat64)
	dims := a.whole("MaxDimensions", 5, 1)
	weight, weightCol := a.weight("WeightColumn")
	attrs := a.attributes(weightCol)
	if a.bad {
		return nil
	}
	out := []rel.Col{b.newCol("SegmentId", types.Long), b.newCol("Count", types.Long), b.newCol("Percent", types.Real)}
	return a.mined(&exec.Basket{Threshold: threshold, MaxDims: dims, Wildcards: attrs.wildcards}, out, attrs, weight)
}

// autocluster finds a few patterns that describe many of the rows.
// https://learn.microsoft.com/kusto/query/autocluster-plugin
func autocluster(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 0, "SizeWeight", "WeightColumn", "NumSeeds")
	size := a.share("SizeWeight", 0.5, 0)
	seeds := a.whole("NumSeeds", 25, 1)
	weight, weightCol := a.weight("WeightColumn")
	attrs := a.attributes(weightCol)
	if a.bad {
		return nil
	}
	out := []rel.Col{b.newCol("SegmentId", types.Long), b.newCol("Count", types.Long), b.newCol("Percent", types.Real)}
	return a.mined(&exec.Autocluster{SizeWeight: size, Seeds: seeds, Wildcards: attrs.wildcards}, out, attrs, weight)
}

// diffpatterns finds patterns in which two sets of rows differ. The column that tells the sets apart is no part of the
// patterns, as the documentation's examples show.
// https://learn.microsoft.com/kusto/query/diffpatterns-plugin
func diffpatterns(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 3, "SplitColumn", "SplitValueA", "SplitValueB", "WeightColumn", "Threshold", "MaxDimensions")
	split := a.column("SplitColumn")
	op := &exec.Diffpatterns{A: a.text("SplitValueA"), B: a.text("SplitValueB")}
	op.Threshold = a.share("Threshold", 0.05, leastDifference)
	op.MaxDims = a.whole("MaxDimensions", 0, 1)
	weight, weightCol := a.weight("WeightColumn")
	if !a.bad && op.A == op.B {
		b.add("VQ014", a.span("SplitValueB"), "'SplitValueA' and 'SplitValueB' of diffpatterns must differ")
		a.bad = true
	}
	attrs := a.attributes(split, weightCol)
	if a.bad {
		return nil
	}
	op.Wildcards = attrs.wildcards
	out := []rel.Col{
		b.newCol("SegmentId", types.Long), b.newCol("CountA", types.Long), b.newCol("CountB", types.Long),
		b.newCol("PercentA", types.Real), b.newCol("PercentB", types.Real), b.newCol("PercentDiffAB", types.Real),
	}
	return a.mined(op, out, attrs, b.convert(split.Ref(), types.String), weight)
}

// leastDifference is the smallest difference that the diffpatterns plugins take for a threshold.
const leastDifference = 0.015

// diffpatternsText finds patterns of tokens in which two sets of texts differ.
// https://learn.microsoft.com/kusto/query/diffpatterns-text-plugin
func diffpatternsText(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table {
	a := b.pluginArgs(e, in, o.Call, 2, "TextColumn", "BooleanCondition", "MinTokens", "Threshold", "MaxTokens")
	a.none()
	text := a.column("TextColumn", types.String)
	cond := rel.Expr(rel.Bad{})
	if !a.bad {
		cond = b.asBool(a.expr("BooleanCondition"), a.span("BooleanCondition"), false)
	}
	op := &exec.DiffpatternsText{MinTokens: a.whole("MinTokens", 1, 0), MaxTokens: a.whole("MaxTokens", exec.MaxTextTokens, 0)}
	op.Threshold = a.share("Threshold", 0.05, leastDifference)
	if a.bad || isBad(cond) {
		return nil
	}
	if op.MaxTokens > exec.MaxTextTokens {
		b.add("VQ014", a.span("MaxTokens"), "'MaxTokens' of diffpatterns_text must lie between 0 and "+strconv.Itoa(exec.MaxTextTokens))
		return nil
	}
	if op.MaxTokens == 0 {
		op.MaxTokens = exec.MaxTextTokens // as many as can be
	}
	if op.MinTokens > 200 {
		b.add("VQ014", a.span("MinTokens"), "'MinTokens' of diffpatterns_text must lie between 0 and 200")
		return nil
	}
	out := []rel.Col{
		b.newCol("Count_of_True", types.Long), b.newCol("Count_of_False", types.Long),
		b.newCol("Percent_of_True", types.Real), b.newCol("Percent_of_False", types.Real), b.newCol("Pattern", types.String),
	}
	return a.mined(op, out, attributes{}, text.Ref(), cond)
}

// mined runs a plugin over what exprs give and the attributes; its result has the columns out and those of the
// attributes.
func (a *pluginArgs) mined(op rel.NativeOp, out []rel.Col, attrs attributes, exprs ...rel.Expr) *table {
	for _, c := range attrs.cols {
		exprs = append(exprs, c.Ref())
		out = append(out, a.b.newCol(c.Name, c.Type))
	}
	node, args := a.b.computed(a.in, exprs...)
	return a.b.native(op, node, a.in.order, args, unique(out))
}

// attributes are the columns that a plugin finds patterns in, and what stands for any value of each.
type attributes struct {
	cols      []rel.Col
	wildcards []types.Value
}

// attributes are the columns of the input but those that tell the plugin something else. The arguments beyond the
// named ones are wildcards for all columns of their types.
func (a *pluginArgs) attributes(without ...rel.Col) attributes {
	var out attributes
	wild := map[types.Type]types.Value{}
	for _, x := range a.rest {
		if a.bad {
			return out
		}
		v, ok := a.b.constant(a.e, x, "a wildcard of "+a.call.Name.Name)
		if !ok {
			a.bad = true
			return out
		}
		if v.Type() != types.String || v.Text() != "~" {
			wild[v.Type()] = v
		}
	}
	for _, c := range a.in.cols {
		if hasCol(without, c.ID) {
			continue
		}
		w, ok := wild[c.Type]
		if !ok {
			w = types.Null(c.Type)
		}
		out.cols, out.wildcards = append(out.cols, c), append(out.wildcards, w)
	}
	return out
}

// weight is the column that tells how much a row counts, 1 if there is none; the column as well.
func (a *pluginArgs) weight(name string) (rel.Expr, rel.Col) {
	if a.bad || !a.has(name) || a.isDefault(name) {
		return lit(types.LongOf(1)), rel.Col{}
	}
	c := a.column(name, types.Long, types.Int, types.Real)
	if a.bad {
		return rel.Bad{}, c
	}
	return c.Ref(), c
}

// share is a constant number from least to 1, def where it is left out or a tilde.
func (a *pluginArgs) share(name string, def, least float64) float64 {
	v := a.optional(name, def)
	if !a.bad && !(v >= least && v <= 1) { // also not a number
		low := "0"
		if least == leastDifference {
			low = "0.015"
		}
		a.b.add("VQ014", a.span(name), "'"+name+"' of "+a.call.Name.Name+" must lie between "+low+" and 1")
		a.bad = true
	}
	return v
}

// whole is a constant whole number, def where it is left out or a tilde.
func (a *pluginArgs) whole(name string, def, least int) int {
	v := a.optional(name, float64(def))
	if !a.bad && a.has(name) && !a.isDefault(name) && !(v >= float64(least) && v <= math.MaxInt32 && v == math.Trunc(v)) {
		a.b.add("VQ014", a.span(name), "'"+name+"' of "+a.call.Name.Name+" must be a whole number of at least "+strconv.Itoa(least))
		a.bad = true
	}
	return int(v)
}

// text is a constant text.
func (a *pluginArgs) text(name string) string {
	v := a.constant(name, types.StringOf(""))
	if !a.bad && v.Type() != types.String {
		a.b.errType(a.span(name), types.String, v.Type())
		a.bad = true
	}
	return v.ToText()
}

// isDefault tells whether an argument is the tilde that stands for its default.
func (a *pluginArgs) isDefault(name string) bool {
	l, ok := a.at[name].(*syntax.Lit)
	return ok && l.Kind == syntax.LitString && l.Text == "~"
}

// optional is a constant number, def where it is left out or a tilde.
func (a *pluginArgs) optional(name string, def float64) float64 {
	if !a.has(name) || a.isDefault(name) {
		return def
	}
	v := a.constant(name, types.RealOf(def))
	if !a.bad && (!v.Type().IsNumeric() || v.IsNull()) {
		a.b.errType(a.span(name), types.Real, v.Type())
		a.bad = true
	}
	return v.Float64()
}
