package bind

import (
	"github.com/vedette-siem/vedette/internal/syntax"
)

// plugin binds a call of a plugin behind evaluate over its input (nil where evaluate begins the query).
type plugin func(b *binder, e *env, in *table, o *syntax.EvaluateOp) *table

// plugins lists the plugins that can be run, by name.
func plugins() map[string]plugin {
	return map[string]plugin{
		"bag_unpack":  bagUnpack,
		"ipv4_lookup": ipv4Lookup,
		"ipv6_lookup": ipv6Lookup,
		"pivot":       pivot,
	}
}

// evaluate calls a plugin.
func (b *binder) evaluate(e *env, in *table, o *syntax.EvaluateOp) *table {
	if o.Call == nil {
		return nil
	}
	name := o.Call.Name.Name
	p, ok := plugins()[name]
	if !ok {
		b.errPlugin(o.Call.Name.Span(), name)
		return nil
	}
	if in == nil {
		b.add("KS174", o.WordSpan(), "'evaluate "+name+"' needs rows to work on")
		return nil
	}
	return p(b, e, in, o)
}
