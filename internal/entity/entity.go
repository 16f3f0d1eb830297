package entity

import (
	"net/netip"
	"net/url"
	"sort"
	"strings"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/types"
)

// Entity is one thing an alert is about. Its fields stand in the order in which they are written.
type Entity struct {
	Kind   Kind
	Type   string // the Type keyword where Kind is Other
	Fields []Field
}

// Field is a named value of an entity: plain JSON, or inner entities (Inner, one or a List of them).
type Field struct {
	Name  string
	Value types.JSON
	Inner []*Entity
	List  bool // Inner is written as an array
}

// Keyword returns the Type of e in the Entities JSON.
func (e *Entity) Keyword() string {
	if e.Kind == Other {
		return e.Type
	}
	return e.Kind.Keyword()
}

// Get returns the text of a plain field, "" where e has none of that name.
func (e *Entity) Get(name string) string {
	for _, f := range e.Fields {
		if f.Name == name && f.Inner == nil {
			if f.Value.Kind == types.JSONString {
				return f.Value.Str
			}
			return f.Value.String()
		}
	}
	return ""
}

// field returns the field called name, nil where there is none.
func (e *Entity) field(name string) *Field {
	for i := range e.Fields {
		if e.Fields[i].Name == name {
			return &e.Fields[i]
		}
	}
	return nil
}

// generic are the account names that name nobody in particular.
var generic = []string{"ADMIN", "ADMINISTRATOR", "SYSTEM", "ROOT", "ANONYMOUS", "AUTHENTICATED USER", "NETWORK", "NULL",
	"LOCAL SYSTEM", "LOCALSYSTEM", "NETWORK SERVICE"}

// Generic tells whether e is an account of which nothing is known but a name that any machine has, such as
// SYSTEM. The service leaves these out of the alert.
// https://learn.microsoft.com/azure/sentinel/entities-reference#user-account
func (e *Entity) Generic() bool {
	if e.Kind != Account {
		return false
	}
	for _, f := range e.Fields {
		switch f.Name {
		case "Name", "DisplayName", "IsDomainJoined", "AadTenantId":
			// these identify nobody
		default:
			return false
		}
	}
	name := e.Get("Name")
	for _, g := range generic {
		if strings.EqualFold(g, name) {
			return true
		}
	}
	return false
}

// StrongKeys returns a canonical key for each complete strong set of identifiers of e, in the order of the
// type's table. Two entities that share a key are the same thing. Keys are lower case: names, domains and
// addresses compare without regard to case.
func (e *Entity) StrongKeys() []string { return e.strongKeys(0) }

// maxInner is how deep inner entities count for a key; the JSON may hold cycles (a host whose device has a host).
const maxInner = 4

func (e *Entity) strongKeys(depth int) []string {
	if depth > maxInner {
		return nil
	}
	var keys []string
	for _, set := range e.Kind.Strong() {
		if key, ok := e.setKey(set, depth); ok && e.holds(set) {
			keys = append(keys, key)
		}
	}
	return keys
}

func (e *Entity) setKey(set []string, depth int) (string, bool) {
	var b strings.Builder
	b.WriteString(e.Keyword())
	for _, name := range set {
		b.WriteString("|" + strings.TrimPrefix(name, "*") + "=")
		if inner, ok := strings.CutPrefix(name, "*"); ok {
			f := e.field(inner)
			if f == nil || len(f.Inner) == 0 {
				return "", false
			}
			var keys []string
			for _, in := range f.Inner {
				k := in.strongKeys(depth + 1)
				if len(k) == 0 {
					return "", false
				}
				keys = append(keys, k[0])
			}
			sort.Strings(keys)
			b.WriteString("(" + strings.Join(keys, ",") + ")")
			continue
		}
		v := e.Get(name)
		if v == "" {
			return "", false
		}
		b.WriteString(keyEscape.Replace(strings.ToLower(v)))
	}
	return b.String(), true
}

// keyEscape keeps the text of one field from looking like the next field: values come from logs, and so from
// attackers, who must not be able to make two accounts one.
var keyEscape = strings.NewReplacer(`\`, `\\`, `|`, `\|`, `,`, `\,`, `)`, `\)`)

// builtinDomains are values of NTDomain that exist on every machine.
var builtinDomains = []string{"NT AUTHORITY", "NT SERVICE", "BUILTIN", "WORKGROUP", "FONT DRIVER HOST", "WINDOW MANAGER", "."}

// holds applies the conditions that the entity reference puts on some sets: what stands on every machine, or
// in every private network, identifies nothing on its own.
func (e *Entity) holds(set []string) bool {
	withHost := contains(set, "*Host")
	switch {
	case e.Kind == Account && contains(set, "Sid") && !withHost:
		return accountSid(e.Get("Sid"))
	case e.Kind == Account && contains(set, "NTDomain") && !withHost:
		domain := e.Get("NTDomain")
		for _, b := range builtinDomains {
			if strings.EqualFold(b, domain) {
				return false
			}
		}
		if f := e.field("Host"); f != nil && len(f.Inner) == 1 {
			h := f.Inner[0]
			return !strings.EqualFold(h.Get("HostName"), domain) && !strings.EqualFold(h.Get("NetBiosName"), domain)
		}
	case e.Kind == IP && !contains(set, "AddressScope"):
		addr, err := netip.ParseAddr(e.Get("Address"))
		return err == nil && !addr.IsPrivate() && !addr.IsLoopback() && !addr.IsLinkLocalUnicast() && !addr.IsUnspecified()
	case e.Kind == CloudApplication && !contains(set, "InstanceName"):
		return e.Get("InstanceName") == "" // two instances of one application are two things
	case e.Kind == URL:
		u, err := url.Parse(e.Get("Url"))
		return err == nil && u.IsAbs() && u.Host != ""
	}
	return true
}

// accountSid tells whether a SID belongs to one account (of a domain, a machine or Entra ID), not to a
// built-in principal that has the same SID everywhere.
// https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers
func accountSid(sid string) bool {
	sid = strings.ToUpper(sid)
	return strings.HasPrefix(sid, "S-1-5-21-") || strings.HasPrefix(sid, "S-1-12-1-")
}

func contains(set []string, name string) bool {
	for _, s := range set {
		if s == name {
			return true
		}
	}
	return false
}

// Key returns the canonical key of e: its first strong key, or, where it has none, one made of all its
// fields; strong tells which.
func (e *Entity) Key() (key string, strong bool) {
	if keys := e.StrongKeys(); len(keys) > 0 {
		return keys[0], true
	}
	return strings.ToLower(Render([]*Entity{e})), false
}

// Merge unites the entities that share a strong key, directly or through a third one; of entities that are
// known weakly only, it drops exact repetitions. The first entity's place and values stay, and what it
// lacks is taken from the later ones. The input is left as it is.
// https://learn.microsoft.com/azure/sentinel/entities
func Merge(list []*Entity) []*Entity {
	group := make([]int, len(list)) // index of the first entity of the same thing
	find := func(i int) int {
		for group[i] != i {
			i = group[i]
		}
		return i
	}
	owner := map[string]int{}
	for i, e := range list {
		group[i] = i
		keys := e.StrongKeys()
		if len(keys) == 0 {
			k, _ := e.Key()
			keys = []string{"weak|" + k}
		}
		for _, k := range keys {
			j, ok := owner[k]
			if !ok {
				owner[k] = i
				continue
			}
			a, b := find(j), find(i)
			group[max(a, b)] = min(a, b)
		}
	}
	var out []*Entity
	at := map[int]int{}
	for i, e := range list {
		root := find(i)
		j, ok := at[root]
		if !ok {
			at[root] = len(out)
			out = append(out, &Entity{Kind: e.Kind, Type: e.Type, Fields: append([]Field(nil), e.Fields...)})
			continue
		}
		out[j].unite(e)
	}
	return out
}

// unite adds the fields of o that e lacks, in the place its type's table gives them.
func (e *Entity) unite(o *Entity) {
	for _, f := range o.Fields {
		if e.field(f.Name) == nil {
			e.Fields = append(e.Fields, f)
		}
	}
	rank := func(name string) int {
		for i, id := range e.Kind.Identifiers() {
			if id.Name == name {
				return i
			}
		}
		return len(e.Kind.Identifiers())
	}
	sort.SliceStable(e.Fields, func(i, j int) bool { return rank(e.Fields[i].Name) < rank(e.Fields[j].Name) })
}

// space is the name space of the ids that ID makes. It must never change: stored incidents hold such ids.
var space = uuid.MustParse("5e0c1b3a-7a56-5d0f-9d4e-1f6f3c6f8a11")

// ID returns the GUID by which the REST API names e: a version 5 UUID of its Key, so the same thing has the
// same id in every alert and after every restart.
func (e *Entity) ID() string {
	key, _ := e.Key()
	return uuid.NewSHA1(space, []byte(key)).String()
}
