package arm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/desk"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/state"
)

// Options are what the API works with. Workspace's names, Store, Desk and Now are required.
type Options struct {
	Workspace alert.Workspace // requests for another subscription, group or workspace are answered with 404
	Store     state.Store
	Desk      *desk.Desk
	Now       func() time.Time

	// CompileRule compiles the query of a rule that is written, and checks the columns it names. Errors refuse the rule.
	// The positions are to be those of r.QueryFile. Nil: queries are not looked into.
	CompileRule func(ctx context.Context, r *rule.Rule) source.Diagnostics
	// Templates are the rules that ship, as alertRuleTemplates.
	Templates []*rule.Rule
	// RuleChanged and WatchlistChanged hear of a rule or watchlist that was written or deleted, after the fact is durable.
	RuleChanged      func(id string)
	WatchlistChanged func(alias string)
	// Playbook tells whether there is a playbook of a resource id; nil: there are none.
	Playbook func(id string) bool
	// Ready returns why the service is not ready for requests; nil: it is when its state answers.
	Ready func(ctx context.Context) error
	// Fault hears of errors that are the service's own; nil: nobody does.
	Fault func(error)
	// URL is what links to this service begin with, as https://soc.example.com; empty: what the request was sent to.
	URL string
	// NewID makes the ids of what is created without one; nil: random GUIDs.
	NewID func() string
}

// API is the handler. It is safe for concurrent use.
type API struct {
	Options
	base   []string // the segments before Microsoft.SecurityInsights' resources
	routes []route
	tree   *node
}

// New returns the API. Requests must bear an auth.Principal in their context; see Handler.
func New(o Options) (*API, error) {
	ws := o.Workspace
	for _, x := range []struct{ name, value string }{{"the subscription", ws.Subscription}, {"the resource group", ws.ResourceGroup},
		{"the workspace's name", ws.Name}, {"the workspace's id", ws.ID}} {
		if x.value == "" || strings.ContainsAny(x.value, "/?#") {
			return nil, fmt.Errorf("%s %q cannot stand in a path", x.name, x.value)
		}
	}
	if o.Store == nil || o.Desk == nil || o.Now == nil {
		return nil, errors.New("the API needs a store, a desk and a clock")
	}
	if o.URL != "" {
		if u, err := url.Parse(o.URL); err != nil || u.Scheme == "" || u.Host == "" {
			return nil, fmt.Errorf("%q is no URL of a service", o.URL)
		}
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	a := &API{Options: o, base: []string{"subscriptions", ws.Subscription, "resourceGroups", ws.ResourceGroup, "providers", "Microsoft.OperationalInsights",
		"workspaces", ws.Name, "providers", provider}}
	a.routes = table()
	a.tree = newTree(a.routes)
	return a, nil
}

// Handler returns the API behind a guard; the routes that ask for no right are before it.
func (a *API) Handler(g *auth.Guard) http.Handler {
	guarded := g.Wrap(a)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m, _ := a.tree.find(r); m != nil && m.route.right == 0 {
			a.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, hr *http.Request) {
	id := a.NewID()
	w.Header().Set("X-Ms-Request-Id", id)
	if s := hr.Header.Get("X-Ms-Client-Request-Id"); s != "" && len(s) <= 128 {
		w.Header().Set("X-Ms-Client-Request-Id", s)
	}
	defer func() {
		if v := recover(); v != nil {
			a.fault(fmt.Errorf("request %s: %s %s: panic: %v\n%s", id, hr.Method, hr.URL.Path, v, debug.Stack()))
			writeFault(w, internalFault())
		}
	}()
	m, err := a.tree.find(hr)
	if err != nil {
		writeFault(w, a.explain(id, err))
		return
	}
	if m.route.right == 0 {
		m.route.open(a, w, hr)
		return
	}
	if no := auth.Permit(hr.Context(), m.route.right, m.route.action()); no != nil {
		if p, ok := auth.From(hr.Context()); ok && m.route.changes() {
			a.record(hr, &request{Request: hr, api: a, route: m.route, by: p, at: a.Now().UTC()}, &Fault{Status: no.Status, Code: no.Code, Message: no.Message})
		}
		auth.WriteRefusal(w, hr, no)
		return
	}
	by, _ := auth.From(hr.Context())
	r := &request{Request: hr, api: a, route: m.route, params: m.params, by: by, at: a.Now().UTC()}
	hr.Body = http.MaxBytesReader(w, hr.Body, m.route.bodyLimit())
	out, err := a.serve(r)
	if err != nil {
		f := a.explain(id, err)
		if m.route.changes() {
			a.record(hr, r, f)
		}
		writeFault(w, f)
		return
	}
	writeJSON(w, out.status, out.body)
}

func (a *API) serve(r *request) (answer, error) {
	if err := r.common(); err != nil {
		return answer{}, err
	}
	return r.route.do(r)
}

func (a *API) fault(err error) {
	if a.Fault != nil {
		a.Fault(err)
	}
}

// record leaves a request that failed in the audit trail. Its caller gets the reason of the failure all the same.
func (a *API) record(hr *http.Request, r *request, f *Fault) {
	err := a.Store.Update(context.WithoutCancel(hr.Context()), func(tx state.Tx) error { return auth.Record(tx, r.entry(f.Status, f.Code)) })
	if err != nil {
		a.fault(fmt.Errorf("audit %s %s: %w", hr.Method, hr.URL.Path, err))
	}
}
