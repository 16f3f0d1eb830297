package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/state"
)

// Principal is who makes a request.
type Principal struct {
	ID   string // of the token, a GUID; empty for Local
	Name string
	Role Role
}

// May tells whether p has a right.
func (p Principal) May(r Right) bool { return p.Role.May(r) }

// Local is the principal of every request to a server that has no tokens: whoever is on the machine.
func Local() Principal { return Principal{Name: "local", Role: Contributor} }

type principalKey struct{}

// With returns a context that has a principal.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From returns the principal of a request, and whether there is one.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// Refusal is why a request is not let in.
type Refusal struct {
	Status  int
	Code    string
	Message string
}

func (r *Refusal) Error() string { return r.Message }

// usedEvery is how exactly a token's last use is known: a write for each request would cost more than most requests.
const usedEvery = 5 * time.Minute

// Guard lets requests in that bear a token. It is safe for concurrent use.
type Guard struct {
	Store state.Store
	Now   func() time.Time
	// Open lets everyone in as Local, without a token. The listener must be one that CheckListen lets pass without
	// tokens; requests that a browser was talked into are refused all the same.
	Open bool
	// Refuse writes a refusal; nil means the shape of Azure's resource manager.
	Refuse func(http.ResponseWriter, *http.Request, *Refusal)
	// Fault hears of errors that do not concern the caller, such as a last use that could not be noted; nil: nobody does.
	Fault func(error)
}

// Wrap returns a handler that calls next with the principal in the context of the request.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := g.Identify(r)
		if err != nil {
			refuse := g.Refuse
			if refuse == nil {
				refuse = WriteRefusal
			}
			var no *Refusal
			if !errors.As(err, &no) {
				g.fault(err)
				no = &Refusal{http.StatusServiceUnavailable, "ServiceUnavailable", "The service cannot check tokens at the moment."}
			}
			refuse(w, r, no)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), p)))
	})
}

func (g *Guard) fault(err error) {
	if g.Fault != nil {
		g.Fault(err)
	}
}

// Identify returns who makes a request. The error is a *Refusal where the caller is at fault.
func (g *Guard) Identify(r *http.Request) (Principal, error) {
	if g.Open {
		return local(r)
	}
	text, err := bearer(r)
	if err != nil {
		return Principal{}, err
	}
	now := g.Now()
	var kept state.Token
	err = g.Store.View(r.Context(), func(tx state.Tx) (err error) {
		kept, err = find(tx, text, now)
		return err
	})
	switch {
	case errors.Is(err, errNoToken):
		return Principal{}, &Refusal{http.StatusUnauthorized, "InvalidAuthenticationToken", "The access token is invalid."}
	case errors.Is(err, errExpired):
		return Principal{}, &Refusal{http.StatusUnauthorized, "ExpiredAuthenticationToken",
			fmt.Sprintf("The access token expired at %s.", kept.Expires.UTC().Format(time.RFC3339))}
	case err != nil:
		return Principal{}, err
	}
	if now.Sub(kept.Used) >= usedEvery {
		err := g.Store.Update(r.Context(), func(tx state.Tx) error { return tx.Tokens().Use(kept.ID, now) })
		if err != nil && !errors.Is(err, context.Canceled) {
			g.fault(fmt.Errorf("note the use of token %s: %w", kept.ID, err))
		}
	}
	return Principal{ID: kept.ID, Name: kept.Name, Role: Role(kept.Role)}, nil
}

func bearer(r *http.Request) (string, error) {
	all := r.Header.Values("Authorization")
	if len(all) == 0 {
		return "", &Refusal{http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."}
	}
	scheme, text, ok := strings.Cut(strings.TrimSpace(all[0]), " ")
	if len(all) > 1 || !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", &Refusal{http.StatusUnauthorized, "AuthenticationFailed",
			"Authentication failed. The 'Authorization' header is not of the form 'Bearer <token>'."}
	}
	return strings.TrimSpace(text), nil
}

// local lets a request in that comes from a program of this machine. Pages of other sites, which a browser on this
// machine has open, can send requests here too; they are told by their Origin, or by a host name that is not this machine's.
func local(r *http.Request) (Principal, error) {
	if !isLoopback(hostOf(r.Host)) {
		return Principal{}, &Refusal{http.StatusForbidden, "AuthorizationFailed",
			fmt.Sprintf("The service has no tokens and answers to this machine only, not to the host name %q.", r.Host)}
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return Principal{}, &Refusal{http.StatusForbidden, "AuthorizationFailed", "The request comes from a page of another site."}
	}
	return Local(), nil
}

// Permit returns nil if the principal of a request has a right, else the refusal. action names what was asked for, as
// in Microsoft.SecurityInsights/alertRules/write.
func Permit(ctx context.Context, right Right, action string) *Refusal {
	p, ok := From(ctx)
	if !ok {
		return &Refusal{http.StatusUnauthorized, "AuthenticationFailed", "Authentication failed."}
	}
	if !p.May(right) {
		return &Refusal{http.StatusForbidden, "AuthorizationFailed", fmt.Sprintf(
			"The client '%s' with object id '%s' does not have authorization to perform action '%s': its role is %s, which may not %s.",
			p.Name, p.ID, action, p.Role, right)}
	}
	return nil
}

// WriteRefusal writes a refusal in the error shape of Azure's resource manager.
// https://learn.microsoft.com/rest/api/azure/
func WriteRefusal(w http.ResponseWriter, _ *http.Request, no *Refusal) {
	if no.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="vedette"`)
	}
	body := struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}{}
	body.Error.Code, body.Error.Message = no.Code, no.Message
	text, err := json.Marshal(body)
	if err != nil { // two strings always marshal
		http.Error(w, no.Message, no.Status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(no.Status)
	_, _ = w.Write(append(text, '\n')) // whoever asked has gone
}
