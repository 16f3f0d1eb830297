package arm

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/auth"
)

// object is a JSON object of the description.
type object = map[string]any

// OpenAPI returns the description of the API, made of the table of routes and the shapes it names.
// https://spec.openapis.org/oas/v3.1.0
func (a *API) OpenAPI() map[string]any {
	s := schemas{named: object{}}
	paths := object{}
	for i := range a.routes {
		r := &a.routes[i]
		path, _ := paths[r.full()].(object)
		if path == nil {
			path = object{}
			paths[r.full()] = path
		}
		path[strings.ToLower(r.method)] = r.describe(&s)
	}
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "vedette", "version": "1",
			"description": "The resources of Microsoft.SecurityInsights as vedette serves them. Every api-version from " + oldest + " on is answered alike."},
		"paths": paths,
		"components": object{"schemas": s.named, "securitySchemes": object{
			"token": object{"type": "http", "scheme": "bearer", "description": "An API token of vedette."}}},
		"security": []any{object{"token": []string{}}},
	}
}

var paramPattern = regexp.MustCompile(`\{(\w+)\}`)

func (r *route) describe(s *schemas) object {
	var params []any
	for _, m := range paramPattern.FindAllStringSubmatch(r.full(), -1) {
		params = append(params, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	if r.right != 0 {
		params = append(params, object{"name": "api-version", "in": "query", "required": true, "schema": object{"type": "string", "pattern": versionPattern.String()}})
	}
	for _, q := range r.query {
		schema := object{"type": "string"}
		if q == "$top" {
			schema = object{"type": "integer", "minimum": 1, "maximum": maxPage}
		}
		params = append(params, object{"name": q, "in": "query", "schema": schema})
	}
	if r.changes() && (r.method == http.MethodPut || r.method == http.MethodDelete) {
		params = append(params, object{"name": "If-Match", "in": "header", "schema": object{"type": "string"}})
	}
	answers := object{}
	status := r.status
	if status == nil {
		status = []int{http.StatusOK}
	}
	for _, code := range status {
		one := object{"description": http.StatusText(code)}
		if r.out != nil && code != http.StatusNoContent {
			one["content"] = object{"application/json": object{"schema": s.of(reflect.TypeOf(r.out))}}
		}
		answers[strconv.Itoa(code)] = one
	}
	answers["default"] = object{"description": "What is wrong.", "content": object{"application/json": object{"schema": s.of(reflect.TypeFor[errorBody]())}}}
	out := object{"operationId": r.name, "summary": r.summary, "responses": answers}
	if params != nil {
		out["parameters"] = params
	}
	if r.in != nil {
		out["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": s.of(reflect.TypeOf(r.in))}}}
	}
	if r.right == 0 {
		out["security"] = []any{}
		return out
	}
	out["x-action"] = r.action()
	var roles []string
	for _, role := range auth.Roles() {
		if role.May(r.right) {
			roles = append(roles, string(role))
		}
	}
	out["x-roles"] = roles
	return out
}

// schemas makes JSON schemas of Go types, and keeps those of structs under their names.
type schemas struct{ named object }

var notInName = regexp.MustCompile(`[^A-Za-z0-9]+`)

func (s *schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[json.RawMessage]():
		return object{}
	case reflect.TypeFor[instant](), reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Interface:
		return object{}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Int32:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Struct:
		return s.structure(t)
	}
	return object{"type": "string"}
}

// shortName is the name of a struct without its packages: resource[…/rule.Properties] becomes resource_Properties.
func shortName(t reflect.Type) string {
	if t.Name() == "" {
		return ""
	}
	var parts []string
	for _, p := range strings.FieldsFunc(t.Name(), func(r rune) bool { return r == '[' || r == ']' || r == ',' }) {
		parts = append(parts, notInName.ReplaceAllString(p[strings.LastIndexAny(p, "./")+1:], ""))
	}
	return strings.Join(parts, "_")
}

func (s *schemas) structure(t reflect.Type) object {
	name := shortName(t)
	ref := object{"$ref": "#/components/schemas/" + name}
	if name != "" {
		if _, known := s.named[name]; known {
			return ref
		}
		s.named[name] = object{} // for those that hold themselves
	}
	props := object{}
	var required []string
	s.fields(t, props, &required)
	out := object{"type": "object", "properties": props}
	if len(required) > 0 {
		out["required"] = required
	}
	if name == "" {
		return out
	}
	s.named[name] = out
	return ref
}

// fields adds the members of a struct, those of embedded ones included, as encoding/json has them. The tag arm:"null" says
// that a member is there also where it has no value.
func (s *schemas) fields(t reflect.Type, props object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "":
			s.fields(f.Type, props, required)
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			schema := s.of(f.Type)
			if f.Tag.Get("arm") == "null" {
				schema = object{"type": []string{schema["type"].(string), "null"}}
			}
			props[name] = schema
			if !strings.Contains(options, "omitempty") {
				*required = append(*required, name)
			}
		}
	}
}
