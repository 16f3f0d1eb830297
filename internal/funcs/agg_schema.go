package funcs

import "github.com/vedette-siem/vedette/internal/types"

// aggSchemaFuncs describe dynamic values.
var aggSchemaFuncs = []*Func{
	{Name: "buildschema", Class: Aggregate, Result: Prefixed("schema"), Page: "buildschema-aggregation-function",
		Sigs: Sigs(RetDynamic, P("expr", Dynamic)), Agg: buildSchema,
		Doc: "Gives the least schema that all dynamic values of a group fit.",
		Examples: []Example{
			{`datatable(v:dynamic)[dynamic({"x":1, "y":3.5}), dynamic({"x":"a", "z":[1, 2]}), dynamic({"y":{"w":"b"}, "z":["c"]})] | summarize buildschema(v)`,
				"dynamic({\"x\":[\"long\",\"string\"],\"y\":[\"double\",{\"w\":\"string\"}],\"z\":{\"`indexer`\":[\"long\",\"string\"]}})"},
			{`datatable(v:dynamic)[] | summarize buildschema(v)`, `dynamic(null)`}, {`datatable(v:dynamic)[dynamic(1), dynamic(null)] | summarize buildschema(v)`, `dynamic("long")`}}},
}

// schema collects what a value may be: scalar types by name, and one bag for objects and arrays together.
type schema struct {
	scalars []string
	bag     bool
	keys    []string
	fields  map[string]*schema
}

// indexer is the key under which Kusto shows the elements of an array.
const indexer = "`indexer`"

func buildSchema(_ *Ctx, _ int, cols [][]types.Value) types.Value {
	var s schema
	for _, v := range cols[0] {
		s.add(types.JSONOf(v))
	}
	return s.json().Value()
}

func (s *schema) add(n types.JSON) {
	switch n.Kind {
	case types.JSONBool:
		s.scalar("bool")
	case types.JSONLong:
		s.scalar("long")
	case types.JSONReal:
		s.scalar("double")
	case types.JSONString:
		s.scalar("string")
	case types.JSONArray:
		s.bag = true
		for _, e := range n.Items {
			s.field(indexer).add(e)
		}
	case types.JSONObject:
		s.bag = true
		for i, k := range n.Keys {
			s.field(k).add(n.Items[i])
		}
	}
}

func (s *schema) scalar(name string) {
	for _, have := range s.scalars {
		if have == name {
			return
		}
	}
	s.scalars = append(s.scalars, name)
}

func (s *schema) field(key string) *schema {
	f, ok := s.fields[key]
	if !ok {
		if s.fields == nil {
			s.fields = make(map[string]*schema)
		}
		f = new(schema)
		s.fields[key], s.keys = f, append(s.keys, key)
	}
	return f
}

// json renders one possibility as itself, several as an array, none as null.
func (s *schema) json() types.JSON {
	var all []types.JSON
	for _, name := range s.scalars {
		all = append(all, types.JSON{Kind: types.JSONString, Str: name})
	}
	if s.bag {
		bag := types.JSON{Kind: types.JSONObject}
		for _, k := range s.keys {
			bag.Keys, bag.Items = append(bag.Keys, k), append(bag.Items, s.fields[k].json())
		}
		all = append(all, bag)
	}
	switch len(all) {
	case 0:
		return types.JSON{}
	case 1:
		return all[0]
	}
	return types.JSON{Kind: types.JSONArray, Items: all}
}
