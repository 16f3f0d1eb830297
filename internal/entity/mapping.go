package entity

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// MaxIdentifiers is how many identifiers the service takes in one mapping.
// https://learn.microsoft.com/azure/sentinel/sentinel-service-limits
const MaxIdentifiers = 3

// FieldMapping says that a column of the result holds an identifier of the entity.
type FieldMapping struct {
	Identifier string
	Column     string
}

// Mapping says how an entity is made from a row of the result.
type Mapping struct {
	Kind   Kind
	Fields []FieldMapping
}

// ProblemKind is what is wrong with a Mapping.
type ProblemKind uint8

// The faults of a mapping.
const (
	UnknownIdentifier  ProblemKind = iota + 1 // the entity type has no such identifier
	MisspeltIdentifier                        // only the letter case differs; it is taken as meant
	RepeatedIdentifier                        // an identifier is mapped twice; the first counts
	TooManyIdentifiers                        // more than MaxIdentifiers
	MissingRequired                           // no required set of identifiers is complete: never an entity
)

// Problem is a fault of a Mapping. Field is the index of the FieldMapping it is about, -1 for the whole.
type Problem struct {
	Kind  ProblemKind
	Field int
	Msg   string
	Hint  string
}

// Check returns the faults of m, in the order of its fields.
func (m Mapping) Check() []Problem {
	var out []Problem
	seen := map[string]bool{}
	for i, f := range m.Fields {
		id, exact, ok := m.Kind.Identifier(f.Identifier)
		switch {
		case !ok:
			out = append(out, Problem{UnknownIdentifier, i, fmt.Sprintf("entity type %s has no identifier '%s'", m.Kind, f.Identifier),
				"one of " + joinIdentifiers(m.Kind)})
			continue
		case !exact:
			out = append(out, Problem{MisspeltIdentifier, i, fmt.Sprintf("identifier '%s' is spelled '%s'", f.Identifier, id.Name), ""})
		}
		if seen[id.Name] {
			out = append(out, Problem{RepeatedIdentifier, i, fmt.Sprintf("identifier '%s' is mapped twice; the first mapping counts", id.Name), ""})
		}
		seen[id.Name] = true
	}
	if len(m.Fields) > MaxIdentifiers {
		out = append(out, Problem{TooManyIdentifiers, MaxIdentifiers,
			fmt.Sprintf("%d identifiers in one mapping, expected at most %d", len(m.Fields), MaxIdentifiers), "split the mapping in two of the same type"})
	}
	if !complete(m.Kind.Required(), func(name string) bool { return seen[name] }) {
		out = append(out, Problem{MissingRequired, -1, fmt.Sprintf("%s needs %s", m.Kind, joinSets(m.Kind.Required())), ""})
	}
	return out
}

func joinIdentifiers(k Kind) string {
	var names []string
	for _, id := range k.Identifiers() {
		names = append(names, id.Name)
	}
	return strings.Join(names, ", ")
}

func joinSets(sets [][]string) string {
	var alts []string
	for _, s := range sets {
		alts = append(alts, strings.Join(s, " and "))
	}
	return strings.Join(alts, " or ")
}

func complete(sets [][]string, has func(name string) bool) bool {
	for _, set := range sets {
		all := true
		for _, name := range set {
			all = all && has(name)
		}
		if all {
			return true
		}
	}
	return false
}

// Row gives the value of a column of one result row; ok is false where the result has no such column.
type Row func(column string) (v types.Value, ok bool)

// Issue is why a mapped value did not become a field, or a row no entity.
type Issue struct {
	Identifier string // empty when it is about the entity as a whole
	Column     string
	Msg        string
}

// FromMapping makes the entity that m describes from one row. A value that its field cannot hold drops the
// field and gives an Issue, so does a column that the result lacks; an empty value drops the field silently.
// ok is false where no required set of identifiers has values, and for accounts known by a generic name
// only (see Generic).
// https://learn.microsoft.com/azure/sentinel/map-data-fields-to-entities
func FromMapping(m Mapping, row Row) (e *Entity, issues []Issue, ok bool) {
	values := map[string]types.JSON{}
	for _, f := range m.Fields {
		id, _, known := m.Kind.Identifier(f.Identifier)
		if !known {
			issues = append(issues, Issue{f.Identifier, f.Column, fmt.Sprintf("%s has no identifier '%s'", m.Kind, f.Identifier)})
			continue
		}
		if _, taken := values[id.Name]; taken {
			continue
		}
		v, found := row(f.Column)
		if !found {
			issues = append(issues, Issue{id.Name, f.Column, fmt.Sprintf("the result has no column '%s'", f.Column)})
			continue
		}
		j, set, readable := read(id.Form, v)
		if !readable {
			issues = append(issues, Issue{id.Name, f.Column, fmt.Sprintf("'%s' is no value for %s", clip(v.ToText()), id.Name)})
			continue
		}
		if set {
			values[id.Name] = j
		}
	}
	has := func(name string) bool { _, ok := values[name]; return ok }
	if !complete(m.Kind.Required(), has) {
		return nil, issues, false
	}
	splitFullName(m.Kind, values)
	e = &Entity{Kind: m.Kind}
	for _, id := range m.Kind.Identifiers() {
		if j, ok := values[id.Name]; ok && !id.Alias {
			e.Fields = append(e.Fields, Field{Name: id.Name, Value: j})
		}
	}
	if len(e.Fields) == 0 || e.Generic() {
		return nil, issues, false
	}
	return e, issues, true
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// read turns a cell into the JSON of a field; set is false for an empty cell.
func read(form Form, v types.Value) (j types.JSON, set, ok bool) {
	s := strings.TrimSpace(v.ToText())
	if s == "" {
		return j, false, true
	}
	j = types.JSON{Kind: types.JSONString, Str: s}
	switch form {
	case GuidForm:
		j.Str, ok = types.ParseGuid(s)
		return j, ok, ok
	case BoolForm:
		b, ok := types.ParseBool(s)
		return types.JSON{Kind: types.JSONBool, Bool: b}, ok, ok
	case LongForm:
		n, ok := types.ParseLong(s)
		return types.JSON{Kind: types.JSONLong, Long: n}, ok, ok
	case DatetimeForm:
		t, ok := types.ParseDatetime(s)
		if ok {
			j.Str = types.FormatDatetime(t)
		}
		return j, ok, ok
	case ListForm:
		if n, err := types.ParseJSON(s); err == nil && n.Kind == types.JSONArray {
			return n, len(n.Items) > 0, true
		}
	}
	return j, true, true
}

// splitFullName replaces FullName, which mappings may use though entities have no such field, by the fields
// it is made of. Identifiers that the mapping names itself win. How the service splits it is undocumented;
// this is our reading: account "user@suffix" and "DOMAIN\user", host "name.domain".
func splitFullName(k Kind, values map[string]types.JSON) {
	j, ok := values["FullName"]
	if !ok {
		return
	}
	delete(values, "FullName")
	set := func(name, s string) {
		if _, taken := values[name]; !taken && s != "" {
			values[name] = types.JSON{Kind: types.JSONString, Str: s}
		}
	}
	full := j.Str
	switch k {
	case Account:
		if i := strings.LastIndexByte(full, '@'); i > 0 && i < len(full)-1 {
			set("Name", full[:i])
			set("UPNSuffix", full[i+1:])
		} else if i := strings.IndexByte(full, '\\'); i > 0 && i < len(full)-1 {
			set("Name", full[i+1:])
			set("NTDomain", full[:i])
		} else {
			set("Name", full)
		}
	case Host:
		name, domain, found := strings.Cut(full, ".")
		if _, err := netip.ParseAddr(full); err == nil || !found || name == "" || domain == "" {
			set("HostName", full) // an address is no name with a domain
			return
		}
		set("HostName", name)
		set("DnsDomain", domain)
	}
}
