package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

// ErrSet is the fault of a value for a let statement that is not there or of another type.
var ErrSet = errors.New("cannot be set")

// lets are the let statements of a rule's query that name a single value, by name.
func (s *Session) lets(ctx context.Context, r *rule.Rule) (map[string]types.Type, error) {
	c, err := s.Engine.Compile(ctx, query.Request{File: r.QueryFile, Check: true})
	if err != nil {
		return nil, err
	}
	out := map[string]types.Type{}
	for _, l := range c.Bound.Lets {
		out[l.Name] = l.Type
	}
	return out, nil
}

// CheckSet tells what is wrong with values for let statements, as an ErrSet: each name must be that of a let statement of a
// single value in one of the rules, and each value must be of the type that the statement has there. A rule that does not
// compile is passed over.
func (s *Session) CheckSet(ctx context.Context, rules []*rule.Rule, set map[string]string) error {
	if len(set) == 0 {
		return nil
	}
	missing := maps.Clone(set)
	known := map[string]bool{}
	broken := 0
	for _, r := range rules {
		lets, err := s.lets(ctx, r)
		if err != nil {
			broken++
			continue
		}
		for name := range lets {
			known[name] = true
			delete(missing, name)
		}
		if _, err := s.values(ctx, r, set); err != nil {
			return err
		}
	}
	if len(missing) == 0 || broken == len(rules) {
		return nil
	}
	name := slices.Sorted(maps.Keys(missing))[0]
	what := "none of the rules has"
	if len(rules) == 1 {
		what = "the rule '" + rules[0].Name + "' does not have"
	}
	names := slices.Sorted(maps.Keys(known))
	hint := "; there is no let statement of a single value"
	if near := catalog.Near(name, names); len(near) > 0 {
		hint = "; did you mean '" + strings.Join(near, "' or '") + "'?"
	} else if len(names) > 0 {
		hint = "; expected one of " + strings.Join(names, ", ")
	}
	return fmt.Errorf("'%s' %w: %s a let statement of a single value by that name%s", name, ErrSet, what, hint)
}

// values reads the values of set that a rule's query has let statements for, as literals of the statements' types.
func (s *Session) values(ctx context.Context, r *rule.Rule, set map[string]string) (map[string]types.Value, error) {
	if len(set) == 0 {
		return nil, nil
	}
	lets, err := s.lets(ctx, r)
	if err != nil {
		return nil, err
	}
	out := map[string]types.Value{}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		t, ok := lets[name]
		if !ok {
			continue
		}
		if out[name], ok = valueOf(set[name], t); !ok {
			return nil, fmt.Errorf("'%s' %w to '%s': in the rule '%s' it is a %s", name, ErrSet, set[name], r.Name, t)
		}
	}
	return out, nil
}

// valueOf reads a text as a value of a type, as KQL reads what stands in the brackets of a literal of that type.
func valueOf(text string, t types.Type) (types.Value, bool) {
	switch t {
	case types.Bool:
		v, ok := types.ParseBool(text)
		return types.BoolOf(v), ok
	case types.Int:
		n, ok := types.ParseLong(text)
		return types.IntOf(int32(n)), ok && n == int64(int32(n))
	case types.Long:
		n, ok := types.ParseLong(text)
		return types.LongOf(n), ok
	case types.Real:
		f, ok := types.ParseReal(text)
		return types.RealOf(f), ok
	case types.Decimal:
		d, ok := types.ParseDecimal(text)
		return types.DecimalOf(d), ok
	case types.Datetime:
		n, ok := types.ParseDatetime(text)
		return types.DatetimeOf(n), ok
	case types.Timespan:
		n, ok := types.ParseTimespan(text)
		return types.TimespanOf(n), ok
	case types.Guid:
		g, ok := types.ParseGuid(text)
		return types.GuidOf(g), ok
	case types.Dynamic:
		j, err := types.ParseJSON(text)
		if err != nil {
			return types.Value{}, false
		}
		return types.DynamicOf(j.String()), true
	case types.String:
		if n := len(text); n > 1 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
			text = text[1 : n-1] // so that a text may hold commas
		}
		return types.StringOf(text), true
	}
	return types.Value{}, false
}
