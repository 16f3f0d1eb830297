package auth

import (
	"fmt"
	"slices"
	"strings"
)

// Right is a kind of thing that a request does.
type Right uint8

// The rights. Every route of an API asks for one.
const (
	Read      Right = iota + 1 // look at rules, alerts, incidents and data; run queries
	Respond                    // work on incidents: status, owner, comments, tasks, relations, bookmarks
	Configure                  // change rules, automation, watchlists and settings
	Ingest                     // hand in events
)

func (r Right) String() string {
	return [...]string{"none", "read", "respond", "configure", "ingest"}[r]
}

// Role is what a token is for.
type Role string

// The roles, after those of Microsoft Sentinel. Ingestion has one of its own, so that a collector's token, which lies
// on many machines, reads nothing.
// https://learn.microsoft.com/azure/sentinel/roles
const (
	Reader      Role = "reader"
	Responder   Role = "responder"
	Contributor Role = "contributor"
	IngestOnly  Role = "ingest-only"
)

// grants is what each role may do.
var grants = []struct {
	role   Role
	rights []Right
}{
	{Reader, []Right{Read}},
	{Responder, []Right{Read, Respond}},
	{Contributor, []Right{Read, Respond, Configure, Ingest}},
	{IngestOnly, []Right{Ingest}},
}

// Roles lists the roles.
func Roles() []Role {
	var out []Role
	for _, g := range grants {
		out = append(out, g.role)
	}
	return out
}

// ParseRole reads the name of a role.
func ParseRole(name string) (Role, error) {
	var names []string
	for _, r := range Roles() {
		if strings.EqualFold(string(r), name) {
			return r, nil
		}
		names = append(names, string(r))
	}
	return "", fmt.Errorf("role %q: expected one of %s", name, strings.Join(names, ", "))
}

// May tells whether the role has a right. A role that is none has no right.
func (r Role) May(right Right) bool {
	for _, g := range grants {
		if g.role == r {
			return slices.Contains(g.rights, right)
		}
	}
	return false
}
