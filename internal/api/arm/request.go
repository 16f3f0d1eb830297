package arm

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/state"
	"github.com/vedette-siem/vedette/internal/types"
)

// request is a request to a route that asks for a right.
type request struct {
	*http.Request
	api    *API
	route  *route
	params map[string]string
	by     auth.Principal
	at     time.Time
}

// namePattern is what the name of a resource may be.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.()~-]{0,127}$`)

var versionPattern = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})(-preview)?$`)

// oldest is the oldest version of the API that is taken. All are answered alike: later ones only add members.
const oldest = "2020-01-01"

// common checks what all requests have: the version, the workspace, and names that can be.
func (r *request) common() error {
	q := r.URL.Query()
	version := ""
	for name, values := range q {
		if strings.EqualFold(name, "api-version") && len(values) > 0 {
			version = values[0]
		}
	}
	if version == "" {
		return faultf(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	}
	m := versionPattern.FindStringSubmatch(strings.ToLower(version))
	if m != nil {
		if _, err := time.Parse(time.DateOnly, m[1]); err != nil {
			m = nil
		}
	}
	if m == nil || m[1] < oldest {
		return faultf(http.StatusBadRequest, "InvalidApiVersionParameter", "The api-version '%s' is invalid: expected a date from %s on, as in 2024-09-01.", version, oldest)
	}
	ws := r.api.Workspace
	for _, x := range []struct{ param, value, code, what string }{
		{"subscriptionId", ws.Subscription, "SubscriptionNotFound", "subscription"},
		{"resourceGroupName", ws.ResourceGroup, "ResourceGroupNotFound", "resource group"},
		{"workspaceName", ws.Name, "ResourceNotFound", "workspace"},
	} {
		if v := r.params[x.param]; !strings.EqualFold(v, x.value) {
			return faultf(http.StatusNotFound, x.code, "The %s '%s' could not be found.", x.what, v)
		}
		delete(r.params, x.param)
	}
	for name, v := range r.params {
		if !namePattern.MatchString(v) {
			return faultf(http.StatusBadRequest, "BadRequest", "The %s in the path is no name: letters, digits and -_.~() are, up to 128 of them.", name)
		}
	}
	return nil
}

func (r *request) param(name string) string { return r.params[name] }

// option returns a query option such as $top, whose name may be in any case.
func (r *request) option(name string) string {
	for n, values := range r.URL.Query() {
		if strings.EqualFold(n, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// decode reads the body into a shape. Members that the shape does not have are ignored, as the service does.
func (r *request) decode(into any) error {
	if t := r.Header.Get("Content-Type"); t != "" {
		media, _, err := mime.ParseMediaType(t)
		if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
			return faultf(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The body is of type '%s'; expected application/json.", t)
		}
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return faultf(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The body is encoded as '%s'; expected it as it is.", e)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return err
		}
		return faultf(http.StatusBadRequest, "InvalidRequestContent", "The body could not be read to its end.")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return faultf(http.StatusBadRequest, "InvalidRequestContent", "The body is not UTF-8.")
	}
	return decode(text, into)
}

func decode(text []byte, into any) error {
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 || trimmed[0] != '{' && json.Valid(text) {
		return faultf(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid: expected a JSON object.")
	}
	err := json.Unmarshal(text, into)
	var typ *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	var f *Fault
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case errors.As(err, &typ):
		where := typ.Field
		if where == "" {
			where = "the body"
		}
		return invalid("%s: expected %s, found %s", where, jsonName(typ.Type.Kind().String()), typ.Value)
	case errors.As(err, &syntax):
		return faultf(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: %s at byte %d.", syntax, syntax.Offset)
	}
	return faultf(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: %s.", err)
}

// jsonName is JSON's word for a kind of Go value.
func jsonName(kind string) string {
	switch {
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"):
		return "a whole number"
	case strings.HasPrefix(kind, "float"):
		return "a number"
	case kind == "slice":
		return "an array"
	case kind == "struct" || kind == "map" || kind == "ptr":
		return "an object"
	case kind == "bool":
		return "true or false"
	}
	return "a string"
}

// instant is a time in a body.
type instant struct{ time.Time }

// UnmarshalJSON reads the forms that KQL's datetime has, within its range.
func (i *instant) UnmarshalJSON(text []byte) error {
	var s *string
	if err := json.Unmarshal(text, &s); err != nil {
		return invalid("%s: expected a time", cut(string(text), 40))
	}
	if s == nil {
		return nil
	}
	ticks, ok := types.ParseDatetime(*s)
	if !ok || strings.TrimSpace(*s) == "" {
		return invalid("'%s' is no time", cut(*s, 40))
	}
	i.Time = types.TimeOf(ticks)
	return nil
}

// MarshalJSON writes a time as the service does.
func (i instant) MarshalJSON() ([]byte, error) {
	if i.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(i.UTC().Format(time.RFC3339Nano))
}

// when returns a time for an answer, nil for none.
func when(t time.Time) *instant {
	if t.IsZero() {
		return nil
	}
	return &instant{t}
}

func cut(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// bare is an ETag without its quotation marks, in which clients differ.
func bare(etag string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimSpace(etag), "W/"), `"`)
}

// check holds the request's conditions against the stored resource. The headers are Azure's custom and give 412; an etag
// in the body gives 409, and is no condition where there is nothing yet, for examples of creation carry one.
// https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
func (r *request) check(etag string, exists bool, body string) error {
	failed := func(why string) error { return faultf(http.StatusPreconditionFailed, "PreconditionFailed", "%s", why) }
	if h := r.Header.Values("If-Match"); len(h) > 0 {
		met := false
		for _, one := range strings.Split(strings.Join(h, ","), ",") {
			met = met || exists && (strings.TrimSpace(one) == "*" || bare(one) == bare(etag))
		}
		if !met {
			return failed("The resource is not, or no longer, the one that If-Match demands.")
		}
	}
	for _, one := range strings.Split(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		if exists && (strings.TrimSpace(one) == "*" || one != "" && bare(one) == bare(etag)) {
			return failed("The resource is there, which If-None-Match rules out.")
		}
	}
	if body != "" && exists && bare(body) != bare(etag) {
		return faultf(http.StatusConflict, "Conflict", "The resource was changed in the meantime: its etag is no longer the one in the body.")
	}
	return nil
}

// view runs f on the state as it is.
func (r *request) view(f func(tx state.Tx) error) error { return r.api.Store.View(r.Context(), f) }

// change runs f in a transaction and leaves the request in the audit trail with it.
func (r *request) change(f func(tx state.Tx) (answer, error)) (out answer, err error) {
	err = r.api.Store.Update(r.Context(), func(tx state.Tx) (err error) {
		if out, err = f(tx); err != nil {
			return err
		}
		return auth.Record(tx, r.entry(out.status, ""))
	})
	return out, err
}

// entry is the request's in the audit trail.
func (r *request) entry(status int, code string) auth.Entry {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return auth.Entry{At: r.at, By: r.by, Operation: r.route.action(), Target: cut(r.URL.Path, 1000), Status: status, Code: code, Address: host}
}

// actor is who changes an incident by the request.
func (r *request) actor() incident.Actor {
	return incident.Actor{Source: incident.User, Name: r.by.Name, ObjectID: r.by.ID}
}

// The sizes of a page. https://learn.microsoft.com/rest/api/securityinsights/incidents/list
const (
	defaultPage = 50
	maxPage     = 1000
)

// skip is what a $skipToken holds: the list it belongs to, and the place in it.
type skip struct {
	List  string `json:"l"`
	After string `json:"a"`
}

// list identifies a list by its path, filter and order, as its pages must.
func (r *request) list() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{strings.ToLower(r.URL.Path), r.option("$filter"), r.option("$orderby")}, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// page reads $top and $skipToken.
func (r *request) page() (state.Page, error) {
	p := state.Page{Limit: defaultPage}
	if s := r.option("$top"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxPage {
			return p, faultf(http.StatusBadRequest, "BadRequest", "Invalid $top '%s': expected a number from 1 to %d.", cut(s, 40), maxPage)
		}
		p.Limit = n
	}
	if s := r.option("$skipToken"); s != "" {
		var k skip
		text, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil || json.Unmarshal(text, &k) != nil || k.List != r.list() || k.After == "" {
			return p, state.ErrPage
		}
		p.After = k.After
	}
	return p, nil
}

// paged is a list as the API gives it.
type paged[T any] struct {
	Value    []T    `json:"value"`
	NextLink string `json:"nextLink,omitempty"`
}

// next is the link to the page that follows, "" where none does.
func (r *request) next(after string) (string, error) {
	if after == "" {
		return "", nil
	}
	text, err := json.Marshal(skip{r.list(), after})
	if err != nil {
		return "", err
	}
	q := r.URL.Query()
	for name := range q {
		if strings.EqualFold(name, "$skipToken") {
			q.Del(name)
		}
	}
	q.Set("$skipToken", base64.RawURLEncoding.EncodeToString(text))
	return r.root() + r.URL.EscapedPath() + "?" + q.Encode(), nil
}

// root is the beginning of links to this service.
func (r *request) root() string {
	if r.api.URL != "" {
		return strings.TrimSuffix(r.api.URL, "/")
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// listOf answers with a page of a list.
func listOf[S, T any](r *request, from []S, after string, make func(S) (T, error)) (answer, error) {
	out := paged[T]{Value: []T{}}
	for _, s := range from {
		v, err := make(s)
		if err != nil {
			return answer{}, err
		}
		out.Value = append(out.Value, v)
	}
	link, err := r.next(after)
	out.NextLink = link
	return ok(out), err
}

// slice cuts a page out of a list that is there as a whole.
func slice[T any](all []T, p state.Page) ([]T, string, error) {
	from := 0
	if p.After != "" {
		n, err := strconv.Atoi(p.After)
		if err != nil || n < 0 || n > len(all) {
			return nil, "", state.ErrPage
		}
		from = n
	}
	all = all[from:]
	if len(all) <= p.Limit {
		return all, "", nil
	}
	return all[:p.Limit], strconv.Itoa(from + p.Limit), nil
}

// id is the resource id of parts below the provider: alertRules, x.
func (a *API) id(parts ...string) string {
	return "/" + strings.Join(append(append([]string{}, a.base...), parts...), "/")
}

// systemData tells who changed a resource, as far as that is kept.
type systemData struct {
	CreatedAt          *instant `json:"createdAt,omitempty"`
	LastModifiedBy     string   `json:"lastModifiedBy,omitempty"`
	LastModifiedByType string   `json:"lastModifiedByType,omitempty"`
	LastModifiedAt     *instant `json:"lastModifiedAt,omitempty"`
}

func system(created, modified time.Time, by string) *systemData {
	s := &systemData{CreatedAt: when(created), LastModifiedAt: when(modified), LastModifiedBy: by}
	if by != "" {
		s.LastModifiedByType = "User"
	}
	return s
}

// resource is the envelope of all resources.
type resource[P any] struct {
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Kind       string      `json:"kind,omitempty"`
	ETag       string      `json:"etag,omitempty"`
	SystemData *systemData `json:"systemData,omitempty"`
	Properties P           `json:"properties"`
}

// envelope makes a resource of parts that are types and names in turn.
func envelope[P any](a *API, properties P, etag string, sys *systemData, parts ...string) resource[P] {
	typ := provider
	for n := 0; n < len(parts); n += 2 {
		typ += "/" + parts[n]
	}
	return resource[P]{ID: a.id(parts...), Name: parts[len(parts)-1], Type: typ, ETag: etag, SystemData: sys, Properties: properties}
}

// body is what clients send: the envelope as far as it counts.
type body[P any] struct {
	Kind       string `json:"kind,omitempty"`
	ETag       string `json:"etag,omitempty"`
	Properties *P     `json:"properties"`
}

// read decodes a body that must have properties.
func read[P any](r *request) (P, body[P], error) {
	var b body[P]
	if err := r.decode(&b); err != nil {
		var none P
		return none, b, err
	}
	if b.Properties == nil {
		var none P
		return none, b, invalid("properties: is missing")
	}
	return *b.Properties, b, nil
}

// gone answers a DELETE.
func gone(existed bool) answer {
	if existed {
		return answer{status: http.StatusOK}
	}
	return answer{status: http.StatusNoContent}
}

// found turns ErrNotFound into false.
func found(err error) (bool, error) {
	if errors.Is(err, state.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// notify calls a hook.
func notify(f func(string), id string) {
	if f != nil {
		f(id)
	}
}
