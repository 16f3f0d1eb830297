package arm

import (
	"context"
	"net/http"

	"github.com/vedette-siem/vedette/internal/state"
)

// health is what /health says. Reasons are for the log: whoever asks has shown no token.
type health struct {
	Status string `json:"status"` // ok, or unavailable
}

func openRoutes() []route {
	return []route{
		{method: "GET", path: "/health", name: "Health", summary: "Says whether the service is ready for requests.", out: health{}, open: (*API).ready},
		{method: "GET", path: "/health/ready", name: "Health_Ready", summary: "Says whether the service is ready for requests.", out: health{}, open: (*API).ready},
		{method: "GET", path: "/health/live", name: "Health_Live", summary: "Says that the process answers.", out: health{},
			open: func(_ *API, w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, health{"ok"}) }},
		{method: "GET", path: "/openapi.json", name: "OpenAPI", summary: "Describes this API.", out: map[string]any{},
			open: func(a *API, w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, a.OpenAPI()) }},
	}
}

func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	err := a.Store.View(r.Context(), func(tx state.Tx) error { _, err := tx.Outbox().Count(); return err })
	if err == nil && a.Ready != nil {
		err = a.Ready(r.Context())
	}
	if err != nil {
		if context.Cause(r.Context()) == nil {
			a.fault(err)
		}
		w.Header().Set("Retry-After", "5")
		writeJSON(w, http.StatusServiceUnavailable, health{"unavailable"})
		return
	}
	writeJSON(w, http.StatusOK, health{"ok"})
}

// table is the table of all routes.
func table() []route {
	var out []route
	for _, part := range [][]route{ruleRoutes(), automationRoutes(), incidentRoutes(), partRoutes(), relationRoutes(), bookmarkRoutes(), watchlistRoutes(),
		entityRoutes(), onboardingRoutes(), refusedRoutes(), openRoutes()} {
		out = append(out, part...)
	}
	return out
}
