package arm

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestOpenAPI holds the description against the table of routes, both ways.
func TestOpenAPI(t *testing.T) {
	b := newBench(t)
	w := b.send("nobody", "GET", "//openapi.json", "")
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]map[string]any
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("%v, %s", err, doc.OpenAPI)
	}
	described := map[string]bool{}
	operations := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			described[strings.ToUpper(method)+" "+path] = true
			id, _ := op["operationId"].(string)
			if id == "" || operations[id] || op["summary"] == "" {
				t.Errorf("%s %s: operation %q lacks something, or its name is taken", method, path, id)
			}
			operations[id] = true
			var inPath []string
			params, _ := op["parameters"].([]any)
			for _, p := range params {
				if at(p, "in") == "path" {
					inPath = append(inPath, "{"+at(p, "name").(string)+"}")
				}
			}
			if want := paramPattern.FindAllString(path, -1); !slices.Equal(inPath, want) {
				t.Errorf("%s: parameters %v, expected %v", path, inPath, want)
			}
			if _, has := op["requestBody"]; has && (method == "get" || method == "delete") {
				t.Errorf("%s %s has a body", method, path)
			}
		}
	}
	routed := map[string]bool{}
	for i := range b.api.routes {
		r := &b.api.routes[i]
		key := r.method + " " + r.full()
		if routed[key] {
			t.Errorf("%s stands twice in the table", key)
		}
		routed[key] = true
		if !described[key] {
			t.Errorf("%s is not described", key)
		}
		if (r.right == 0) != (r.do == nil) || (r.right == 0) != (r.open != nil) {
			t.Errorf("%s: a handler and a right go together", key)
		}
		// and the router finds it
		path := paramPattern.ReplaceAllString(r.full(), "x")
		if m, err := b.api.tree.find(httptest.NewRequest(r.method, path, nil)); err != nil || m.route != r {
			t.Errorf("%s leads elsewhere: %v", key, err)
		}
	}
	for key := range described {
		if !routed[key] {
			t.Errorf("%s is described and not routed", key)
		}
	}
	var refs func(v any)
	used := map[string]bool{}
	refs = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				name := strings.TrimPrefix(ref, "#/components/schemas/")
				used[name] = true
				if s, ok := doc.Components.Schemas[name].(map[string]any); !ok || len(s) == 0 {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, x := range v {
				refs(x)
			}
		case []any:
			for _, x := range v {
				refs(x)
			}
		}
	}
	var whole any
	if err := json.Unmarshal(w.Body.Bytes(), &whole); err != nil {
		t.Fatal(err)
	}
	refs(whole)
	for name := range doc.Components.Schemas {
		if !used[name] {
			t.Errorf("schema %s is not used", name)
		}
	}
	t.Logf("%d routes, %d schemas", len(routed), len(doc.Components.Schemas))
}

// fits tells how a value breaks a schema of the description, "" if it does not.
func fits(schemas object, schema object, v any, at string) string {
	if ref, ok := schema["$ref"].(string); ok {
		return fits(schemas, schemas[strings.TrimPrefix(ref, "#/components/schemas/")].(object), v, at)
	}
	var allowed []string
	switch typ := schema["type"].(type) {
	case nil:
		return ""
	case string:
		allowed = []string{typ}
	case []string:
		allowed = typ
	}
	is := "null"
	switch v := v.(type) {
	case bool:
		is = "boolean"
	case float64:
		if is = "number"; v == float64(int64(v)) && slices.Contains(allowed, "integer") {
			is = "integer"
		}
	case string:
		is = "string"
	case []any:
		is = "array"
		items, _ := schema["items"].(object)
		for i, x := range v {
			if fault := fits(schemas, items, x, fmt.Sprintf("%s[%d]", at, i)); fault != "" && items != nil {
				return fault
			}
		}
	case map[string]any:
		is = "object"
		props, _ := schema["properties"].(object)
		for name, x := range v {
			if p, ok := props[name].(object); ok {
				if fault := fits(schemas, p, x, at+"."+name); fault != "" {
					return fault
				}
			} else if props != nil && !strings.HasSuffix(at, "properties") {
				return fmt.Sprintf("%s.%s is not described", at, name)
			}
		}
		required, _ := schema["required"].([]string)
		for _, name := range required {
			if _, ok := v[name]; !ok {
				return fmt.Sprintf("%s.%s is missing", at, name)
			}
		}
	}
	if !slices.Contains(allowed, is) {
		return fmt.Sprintf("%s is %s, described as %v", at, is, allowed)
	}
	return ""
}

// checkShape holds an answer against what the description says of it. Every answer of every test goes through here.
func (b *bench) checkShape(method, target string, w *httptest.ResponseRecorder) {
	b.t.Helper()
	if w.Body.Len() == 0 {
		return
	}
	var v any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		b.t.Errorf("%s %s: the answer is no JSON: %v", method, cut(target, 200), err)
		return
	}
	typ := reflect.TypeFor[errorBody]()
	if w.Code < 400 {
		m, err := b.api.tree.find(httptest.NewRequest(method, target, nil))
		if err != nil || m.route.out == nil {
			b.t.Errorf("%s %s: an answer that is not described: %v", method, target, err)
			return
		}
		typ = reflect.TypeOf(m.route.out)
		if !slices.Contains(append(m.route.status, 200), w.Code) {
			b.t.Errorf("%s %s: status %d is not described", method, target, w.Code)
		}
	} else if w.Code == 503 && at(v, "status") != nil {
		return
	}
	s := schemas{named: object{}}
	if fault := fits(s.named, s.of(typ), v, "answer"); fault != "" && at(v, "kind") != "Fusion" && at(v, "value", 1, "kind") != "Fusion" && at(v, "value", 0, "kind") != "Fusion" {
		b.t.Errorf("%s %s: %s", method, cut(target, 200), fault)
	}
}
