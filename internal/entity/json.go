package entity

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// firstID is the first $id of an Entities array: the service counts the array itself as "1".
const firstID = 2

// Render returns the Entities column of SecurityAlert: a JSON array in which each object has a running $id,
// its fields, and Type as the last member. An entity that occurs again is written as a $ref to the first
// place. No entities give the empty string.
func Render(list []*Entity) string {
	text, _ := RenderWithin(list, -1)
	return text
}

// RenderWithin renders as many of the entities, from the front, as fit in limit bytes, and returns how many
// those are. A negative limit takes all.
func RenderWithin(list []*Entity, limit int) (text string, kept int) {
	r := renderer{next: firstID, ids: map[*Entity]int{}}
	var b []byte
	for i, e := range list {
		j := r.entity(e).String()
		if limit >= 0 && len(b)+1+len(j)+1 > limit { // the separator or bracket before, the bracket after
			break
		}
		if i == 0 {
			b = append(b, '[')
		} else {
			b = append(b, ',')
		}
		b = append(b, j...)
		kept++
	}
	if kept == 0 {
		return "", 0
	}
	return string(append(b, ']')), kept
}

type renderer struct {
	next int
	ids  map[*Entity]int
}

func str(s string) types.JSON { return types.JSON{Kind: types.JSONString, Str: s} }

func (r *renderer) entity(e *Entity) types.JSON {
	j := types.JSON{Kind: types.JSONObject}
	if id, seen := r.ids[e]; seen {
		j.Set("$ref", str(strconv.Itoa(id)))
		return j
	}
	r.ids[e] = r.next
	j.Set("$id", str(strconv.Itoa(r.next)))
	r.next++
	for _, f := range e.Fields {
		switch {
		case f.Inner == nil:
			j.Set(f.Name, f.Value)
		case f.List:
			arr := types.JSON{Kind: types.JSONArray}
			for _, in := range f.Inner {
				arr.Items = append(arr.Items, r.entity(in))
			}
			j.Set(f.Name, arr)
		case len(f.Inner) == 1:
			j.Set(f.Name, r.entity(f.Inner[0]))
		}
	}
	j.Set("Type", str(e.Keyword()))
	return j
}

// Parse reads the text of an Entities column: the ones Render writes and those of other products, whose
// types and fields it keeps even where it does not know them. A $ref becomes the entity it names. The empty
// string gives none.
func Parse(text string) ([]*Entity, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	j, err := types.ParseJSON(text)
	if err != nil {
		return nil, fmt.Errorf("parse entities: %w", err)
	}
	if j.Kind == types.JSONNull {
		return nil, nil
	}
	if j.Kind != types.JSONArray {
		return nil, fmt.Errorf("parse entities: expected a JSON array")
	}
	p := parser{ids: map[string]*Entity{}}
	var list []*Entity
	for i, item := range j.Items {
		if item.Kind != types.JSONObject {
			return nil, fmt.Errorf("parse entities: element %d is no object", i)
		}
		e, err := p.entity(item)
		if err != nil {
			return nil, fmt.Errorf("parse entities: element %d: %w", i, err)
		}
		list = append(list, e)
	}
	return list, nil
}

type parser struct{ ids map[string]*Entity }

func isEntity(j types.JSON) bool {
	if j.Kind != types.JSONObject {
		return false
	}
	_, ref := j.Get("$ref")
	_, typ := j.Get("Type")
	_, id := j.Get("$id")
	return ref || typ && id
}

func (p *parser) entity(j types.JSON) (*Entity, error) {
	if ref, ok := j.Get("$ref"); ok {
		e := p.ids[ref.Str]
		if e == nil {
			return nil, fmt.Errorf("$ref '%s' names no $id before it", ref.Str)
		}
		return e, nil
	}
	e := &Entity{}
	if id, ok := j.Get("$id"); ok {
		p.ids[id.Str] = e
	}
	for i, name := range j.Keys {
		v := j.Items[i]
		switch {
		case name == "$id":
		case name == "Type":
			e.Kind = kindOfKeyword(v.Str)
			if e.Kind == Other {
				e.Type = v.Str
			}
		case isEntity(v):
			in, err := p.entity(v)
			if err != nil {
				return nil, err
			}
			e.Fields = append(e.Fields, Field{Name: name, Inner: []*Entity{in}})
		case v.Kind == types.JSONArray && len(v.Items) > 0 && allEntities(v.Items):
			f := Field{Name: name, List: true}
			for _, item := range v.Items {
				in, err := p.entity(item)
				if err != nil {
					return nil, err
				}
				f.Inner = append(f.Inner, in)
			}
			e.Fields = append(e.Fields, f)
		default:
			e.Fields = append(e.Fields, Field{Name: name, Value: v})
		}
	}
	return e, nil
}

func allEntities(items []types.JSON) bool {
	for _, j := range items {
		if !isEntity(j) {
			return false
		}
	}
	return true
}
