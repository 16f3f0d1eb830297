package bind

import (
	"regexp"
	"strings"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/syntax"
	"github.com/vedette-siem/vedette/internal/types"
)

// parseKv takes the values of keys out of a text of pairs.
// https://learn.microsoft.com/kusto/query/parse-kv-operator
func (b *binder) parseKv(e *env, in *table, o *syntax.ParseKvOp) *table {
	r := &row{t: in, env: e, window: windowable(in)}
	text := b.scalarExpr(r, o.X)
	if isBad(text) {
		return nil
	}
	keys, ok := b.rowSchema(o.Keys)
	if !ok {
		return nil
	}
	given := map[string]string{}
	var quotes, escapes string
	for _, p := range o.With {
		v, ok := b.constant(e, p.Value, "the value of "+p.Name)
		if !ok {
			return nil
		}
		switch p.Name {
		case "quote": // one or two characters
			q := []rune(v.ToText())
			if len(q) < 1 || len(q) > 2 {
				b.add("KS140", p.Value.Span(), "quote takes one character, or an opening and a closing one")
				return nil
			}
			quotes += string(q[0]) + string(q[len(q)-1])
		case "escape":
			if len([]rune(v.ToText())) != 1 {
				b.add("KS140", p.Value.Span(), "escape takes one character")
				return nil
			}
			escapes += v.ToText()
		default:
			given[p.Name] = v.ToText()
		}
	}
	pair, kv, regex, greedy := given["pair_delimiter"], given["kv_delimiter"], given["regex"], strings.EqualFold(given["greedy"], "true")
	switch {
	case regex != "":
		re2, err := funcs.RE2Pattern(regex)
		if err != nil {
			b.add("KS140", o.WordSpan(), err.Error())
			return nil
		}
		if regexp.MustCompile(re2).NumSubexp() != 2 {
			b.add("KS140", o.WordSpan(), "the regular expression of parse-kv must have two groups, the key and the value")
			return nil
		}
		if pair != "" || kv != "" || quotes != "" {
			b.errUnsupported(o.WordSpan(), "parse-kv with a regular expression and delimiters")
			return nil
		}
	case (pair == "") != (kv == ""):
		b.errUnsupported(o.WordSpan(), "parse-kv with one of pair_delimiter and kv_delimiter")
		return nil
	case greedy && kv == "":
		b.errUnsupported(o.WordSpan(), "parse-kv with greedy and no delimiters")
		return nil
	}
	args := []rel.Expr{b.convert(text, types.String)}
	for _, s := range []string{pair, kv, quotes, escapes} {
		args = append(args, lit(types.StringOf(s)))
	}
	args = append(args, lit(types.BoolOf(greedy)), lit(types.StringOf(regex)))
	for _, k := range keys {
		args = append(args, lit(types.StringOf(k.Name)))
	}
	pairs := b.newCol("$pairs", types.Dynamic)
	node := b.passing(windowed(r, in), in, []rel.Item{{Col: pairs, Expr: b.hiddenCall("match.pairs", args...)}})
	its := make([]item, len(keys))
	for i, k := range keys {
		v := b.convert(b.apply("[]", o.X.Span(), pairs.Ref(), lit(types.LongOf(int64(i)))), types.String)
		if k.Type == types.Dynamic {
			v = b.scalarFunc("parse_json", o.X.Span(), v)
		} else {
			v = b.convert(v, k.Type)
		}
		its[i] = item{name: k.Name, expr: v, explicit: true, span: o.Keys.Columns[i].Span()}
	}
	return b.extendItems(node, in, its)
}
