package funcs

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// maxXML is the longest XML text that parse_xml() reads. https://learn.microsoft.com/kusto/query/parse-xml-function
const maxXML = 1 << 20

// xmlNode is an element while it is read.
type xmlNode struct {
	name    string
	attrs   types.JSON
	members types.JSON // the elements inside
	text    strings.Builder
	mixed   bool // has attributes or elements
}

func parseXML(s string) types.Value {
	null := types.Null(types.Dynamic)
	if len(s) > maxXML {
		return null
	}
	d := xml.NewDecoder(strings.NewReader(s))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // the text is UTF-8 whatever it says
	var open []*xmlNode
	var root types.JSON
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(open) >= types.MaxJSONDepth {
			return null
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(open) == 0 && root.Kind != types.JSONNull {
				return null // a second root
			}
			e := &xmlNode{name: xmlName(t.Name)}
			for _, a := range t.Attr {
				e.attrs.Set("@"+xmlName(a.Name), types.JSON{Kind: types.JSONString, Str: a.Value})
				e.mixed = true
			}
			if len(open) > 0 {
				open[len(open)-1].mixed = true
			}
			open = append(open, e)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1].name != xmlName(t.Name) {
				return null
			}
			e := open[len(open)-1]
			open = open[:len(open)-1]
			if len(open) == 0 {
				root.Set(e.name, e.value())
			} else {
				open[len(open)-1].add(e.name, e.value())
			}
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text.Write(t)
			} else if strings.TrimSpace(string(t)) != "" {
				return null
			}
		}
	}
	if len(open) > 0 || root.Kind == types.JSONNull {
		return null
	}
	return root.Value()
}

func xmlName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// add appends a child; children of one name become an array.
func (e *xmlNode) add(name string, v types.JSON) {
	for i, k := range e.members.Keys {
		if k != name {
			continue
		}
		if old := e.members.Items[i]; old.Kind == types.JSONArray { // no element is an array by itself
			e.members.Items[i].Items = append(old.Items, v)
		} else {
			e.members.Items[i] = types.JSON{Kind: types.JSONArray, Items: []types.JSON{old, v}}
		}
		return
	}
	e.members.Set(name, v)
}

// value is null for an empty element, a string for one with text alone, and an object otherwise.
func (e *xmlNode) value() types.JSON {
	text := e.text.String()
	trimmed := strings.TrimSpace(text)
	switch {
	case !e.mixed && trimmed == "":
		return types.JSON{}
	case !e.mixed:
		return types.JSON{Kind: types.JSONString, Str: text}
	case trimmed != "":
		e.attrs.Set("#text", types.JSON{Kind: types.JSONString, Str: trimmed})
	}
	return types.JSON{Kind: types.JSONObject, Keys: append(e.attrs.Keys, e.members.Keys...), Items: append(e.attrs.Items, e.members.Items...)}
}
