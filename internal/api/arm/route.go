package arm

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/vedette-siem/vedette/internal/auth"
)

// provider is the name space of the resources.
const provider = "Microsoft.SecurityInsights"

// Bounds of request bodies in bytes.
const (
	smallBody = 1 << 20
	// A watchlist's file has up to 3.8 MB, and JSON may write a byte of it as six.
	// https://learn.microsoft.com/azure/sentinel/sentinel-service-limits#watchlist-limits
	largeBody = 24 << 20
)

// route is one line of the table.
type route struct {
	method  string
	path    string // below the workspace; of routes that ask for no right, the whole path
	name    string // as in Microsoft's own description of the API, where it has the operation
	summary string
	right   auth.Right
	in, out any   // values of the shapes of body and answer; nil: none
	status  []int // of success
	query   []string
	large   bool
	do      func(*request) (answer, error)
	open    func(*API, http.ResponseWriter, *http.Request) // where right is 0
}

// answer is what a handler gives.
type answer struct {
	status int
	body   any
}

func ok(body any) answer { return answer{http.StatusOK, body} }

// written is the answer to a PUT.
func written(body any, existed bool) answer {
	if existed {
		return ok(body)
	}
	return answer{http.StatusCreated, body}
}

func (r *route) bodyLimit() int64 {
	if r.large {
		return largeBody
	}
	return smallBody
}

// changes tells whether the route changes something, and so is audited.
func (r *route) changes() bool { return r.right != auth.Read && r.right != 0 }

// action is the name of what the route does, as Azure's roles name it.
// https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftsecurityinsights
func (r *route) action() string {
	parts := []string{provider}
	for _, s := range split(r.path) {
		if !isParam(s) {
			parts = append(parts, s)
		}
	}
	verb := map[string]string{http.MethodGet: "read", http.MethodPut: "write", http.MethodPatch: "write", http.MethodDelete: "delete"}[r.method]
	if verb == "" {
		verb = "action"
	}
	return strings.Join(append(parts, verb), "/")
}

func split(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

func isParam(segment string) bool { return strings.HasPrefix(segment, "{") }

// basePath is what stands before the paths of the resources.
const basePath = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.OperationalInsights/workspaces/{workspaceName}/providers/" + provider

func (r *route) full() string {
	if r.right == 0 {
		return r.path
	}
	return basePath + r.path
}

// node is a segment of the paths there are.
type node struct {
	fixed  []edge
	param  *node
	name   string // of the parameter
	routes []*route
}

type edge struct {
	segment string
	to      *node
}

func newTree(routes []route) *node {
	root := &node{}
	for i := range routes {
		n := root
		for _, s := range split(routes[i].full()) {
			n = n.add(s)
		}
		n.routes = append(n.routes, &routes[i])
	}
	return root
}

func (n *node) add(segment string) *node {
	if isParam(segment) {
		if n.param == nil {
			n.param = &node{name: strings.Trim(segment, "{}")}
		}
		return n.param
	}
	if next := n.fixedNext(segment); next != nil {
		return next
	}
	next := &node{}
	n.fixed = append(n.fixed, edge{segment, next})
	return next
}

// fixedNext follows a fixed segment. Azure's paths compare without regard to case.
func (n *node) fixedNext(segment string) *node {
	for _, e := range n.fixed {
		if strings.EqualFold(e.segment, segment) {
			return e.to
		}
	}
	return nil
}

// match is a route that was found, and what its parameters are.
type match struct {
	route  *route
	params map[string]string
}

// find returns the route of a request. Each segment is unescaped on its own, so that an escaped slash makes no segment.
func (n *node) find(r *http.Request) (*match, error) {
	m := &match{params: map[string]string{}}
	for _, s := range split(r.URL.EscapedPath()) {
		s, err := url.PathUnescape(s)
		if err != nil {
			return nil, faultf(http.StatusBadRequest, "BadRequest", "The path is not escaped as it should be.")
		}
		next := n.fixedNext(s)
		if next == nil && n.param != nil && s != "" {
			next = n.param
			m.params[next.name] = s
		}
		if next == nil {
			return nil, faultf(http.StatusNotFound, "NotFound", "There is no resource at this path: '%s' is unknown here.", s)
		}
		n = next
	}
	var methods []string
	for _, route := range n.routes {
		if route.method == r.Method || route.method == http.MethodGet && r.Method == http.MethodHead {
			m.route = route
			return m, nil
		}
		methods = append(methods, route.method)
	}
	if len(methods) == 0 {
		return nil, faultf(http.StatusNotFound, "NotFound", "There is no resource at this path.")
	}
	slices.Sort(methods)
	f := faultf(http.StatusMethodNotAllowed, "MethodNotAllowed", "%s is not allowed here, but %s.", cut(r.Method, 40), strings.Join(methods, ", "))
	f.allow = strings.Join(methods, ", ")
	return nil, f
}
