package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vedette-siem/vedette/internal/incident"
)

// What callers tell apart with errors.Is.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("changed by someone else in the meantime") // the error is a *Conflict
	ErrExists   = errors.New("exists already")
	ErrReadOnly = errors.New("the transaction is for reading only")
	ErrLocked   = errors.New("the state is in use by another process")
	ErrNewer    = errors.New("the state was written by a newer version of vedette")
	ErrCorrupt  = errors.New("the file does not hold a sound state")
	ErrFull     = errors.New("no space left for the state")
	ErrClosed   = errors.New("the state is closed")
	ErrPage     = errors.New("the page does not follow one of this list")
)

// Conflict is a write that was refused because the record has another ETag than the writer believes.
type Conflict struct {
	Kind string // rule, incident …
	ID   string
	Have string // the record's ETag
}

func (c *Conflict) Error() string {
	return fmt.Sprintf("%s %s: %v (its etag is %s)", c.Kind, c.ID, ErrConflict, c.Have)
}

// Unwrap makes errors.Is(err, ErrConflict) true.
func (c *Conflict) Unwrap() error { return ErrConflict }

// Match is what a write demands of the record it is about to replace: an ETag that the record must have, or one of the
// constants. Conditions that are not met give ErrConflict, ErrNotFound or ErrExists.
type Match string

// The demands besides an ETag.
const (
	Always   Match = ""  // none: last write wins
	Existing Match = "*" // that there is such a record, whatever its ETag
	Absent   Match = "!" // that there is none
)

// Store keeps state. It is safe for concurrent use.
type Store interface {
	// Update runs f in a transaction that may write. What f wrote is durable when Update returns nil, and not there at all
	// when it returns an error, which is f's own if f failed. Updates run one after the other: f must be short, must not
	// call Update, and must not keep tx.
	Update(ctx context.Context, f func(tx Tx) error) error
	// View runs f in a transaction that sees one state throughout. Views do not wait for updates, nor updates for them.
	View(ctx context.Context, f func(tx Tx) error) error
	// Backup writes a copy of the state as of now, usable as a state itself, to a file that must not exist yet.
	Backup(ctx context.Context, file string) error
	Close() error
}

// Tx is a transaction. It must be used by one goroutine.
type Tx interface {
	Rules() Rules
	Positions() Positions
	Alerts() Alerts
	Incidents() Incidents
	Watchlists() Watchlists
	Automations() Automations
	Documents() Documents
	Tokens() Tokens
	Outbox() Outbox
	Audit() Audit
}

// Page asks for a part of a list.
type Page struct {
	Limit int    // 0: all
	After string // what the page before gave as next; empty: from the beginning
}

// Rule is an analytics rule as it is kept; what Text holds is the caller's to say.
type Rule struct {
	ID       string
	Kind     string
	Name     string
	Text     string
	Enabled  bool
	Reason   string // why it is disabled, where it was not a person's wish
	ETag     string
	Created  time.Time
	Modified time.Time
	By       string // who wrote it last
}

// Rules keeps analytics rules.
type Rules interface {
	Get(id string) (Rule, error)
	// Put writes r and returns its new ETag. Created is kept from the first write.
	Put(r Rule, m Match) (etag string, err error)
	Delete(id string, m Match) error
	// List goes by id.
	List(p Page) (list []Rule, next string, err error)
}

// Position is how far the schedule of a rule has come. Data is the scheduler's.
type Position struct {
	RuleID string
	Next   time.Time // when the rule is due
	Done   time.Time // the end of the last window that was evaluated
	Data   []byte
}

// Positions keeps schedule positions. They are not deleted with their rules.
type Positions interface {
	Get(ruleID string) (Position, error)
	Put(p Position) error
	Delete(ruleID string) error
	// List goes by rule id.
	List() ([]Position, error)
}

// Alert is an alert that was raised. Data is the caller's.
type Alert struct {
	ID        string // SystemAlertId
	RuleID    string
	Generated time.Time
	Data      []byte
}

// Alerts remembers the alerts that were raised, so that none is raised twice.
type Alerts interface {
	// Add remembers a, and says whether it was new; one that is known stays as it is.
	Add(a Alert) (added bool, err error)
	Get(id string) (Alert, error)
	// List goes by time, then id, the youngest first; an empty rule id means all rules.
	List(ruleID string, p Page) (list []Alert, next string, err error)
	// Forget drops the alerts generated before t and says how many those were.
	Forget(t time.Time) (int, error)
}

// Order is what a list of incidents goes by.
type Order uint8

// The orders. Equal ones go by number.
const (
	ByNumber Order = iota
	ByCreated
	ByModified
	BySeverity
	ByStatus
	ByTitle
)

// IncidentQuery asks for a list of incidents. Empty members demand nothing.
type IncidentQuery struct {
	Page
	Order      Order
	Descending bool
	Statuses   []incident.Status
	Severities []incident.Severity
	RuleID     string // of an alert of the incident
	AlertID    string
	Created    Range
	Modified   Range
	// Where decides about what the members above cannot say. It sees Partial incidents.
	Where func(*incident.Incident) bool
}

// Range is a span of time, From included and To not. Zero ends are open.
type Range struct{ From, To time.Time }

// Stored is an incident and its ETag.
type Stored struct {
	*incident.Incident
	ETag string
}

// Incidents keeps incidents with their comments and evidence. What is put is the After of an incident.Event.
type Incidents interface {
	// NextNumber takes the next number. It is given back if the transaction fails, so there are no gaps.
	NextNumber() (int, error)
	// Get returns an incident whole.
	Get(id string) (Stored, error)
	// Put writes an incident and returns its new ETag. Partial incidents are refused.
	Put(i *incident.Incident, m Match) (etag string, err error)
	Delete(id string, m Match) error
	// Matching is an incident.Lookup.
	Matching(ruleID, key string, from time.Time) ([]*incident.Incident, error)
	// List returns Partial incidents.
	List(q IncidentQuery) (list []Stored, next string, err error)
	// Count counts all incidents by status.
	Count() (map[incident.Status]int, error)
}

// Watchlist is a watchlist without its items. Data is the caller's (description, source and so on).
type Watchlist struct {
	Alias     string
	Name      string
	SearchKey string
	Data      []byte
	Items     int // how many it has; Put takes no notice of it
	ETag      string
	Created   time.Time
	Modified  time.Time
	By        string
}

// Item is a row of a watchlist. Fields is a JSON object.
type Item struct {
	ID       string
	Fields   string
	ETag     string
	Created  time.Time
	Modified time.Time
	By       string
}

// Watchlists keeps watchlists. Aliases compare without regard to case.
type Watchlists interface {
	Get(alias string) (Watchlist, error)
	Put(w Watchlist, m Match) (etag string, err error)
	// Delete takes the items along.
	Delete(alias string, m Match) error
	// List goes by alias.
	List(p Page) (list []Watchlist, next string, err error)

	Item(alias, id string) (Item, error)
	PutItem(alias string, i Item, m Match) (etag string, err error)
	// AddItems adds many items at once, none of which may be there; they share an ETag.
	AddItems(alias string, items []Item) error
	DeleteItem(alias, id string, m Match) error
	// Items go in the order they were first put.
	Items(alias string, p Page) (list []Item, next string, err error)
}

// Automation is an automation rule as it is kept.
type Automation struct {
	Rule     incident.Automation
	ETag     string
	Created  time.Time
	Modified time.Time
	By       string
}

// Automations keeps automation rules.
type Automations interface {
	Get(id string) (Automation, error)
	Put(a Automation, m Match) (etag string, err error)
	Delete(id string, m Match) error
	// List goes by order, then id.
	List() ([]Automation, error)
}

// Document is a record of which nothing is asked but by its id: a bookmark, the name of a relation. Data is the caller's.
type Document struct {
	Kind     string
	ID       string
	Data     []byte
	ETag     string
	Created  time.Time
	Modified time.Time
	By       string
}

// Documents keeps documents of any kind. Ids compare without regard to case.
type Documents interface {
	Get(kind, id string) (Document, error)
	// Put writes d and returns its new ETag. Created is kept from the first write.
	Put(d Document, m Match) (etag string, err error)
	Delete(kind, id string, m Match) error
	// List goes by id, of those whose id begins with prefix.
	List(kind, prefix string, p Page) (list []Document, next string, err error)
}

// Token is an API token. The token itself is not kept, only a digest of it.
type Token struct {
	ID      string
	Name    string
	Role    string
	Digest  []byte
	Created time.Time
	Expires time.Time // zero: never
	Used    time.Time // zero: not yet
	By      string
}

// Tokens keeps API tokens.
type Tokens interface {
	Get(id string) (Token, error)
	ByDigest(digest []byte) (Token, error)
	// Add refuses an id or a digest that there is with ErrExists.
	Add(t Token) error
	// Use notes when a token was used.
	Use(id string, at time.Time) error
	Delete(id string) error
	// List goes by id.
	List() ([]Token, error)
}

// Message is something that the transaction wants done elsewhere: a row appended to a table, an action run. Seq grows and
// is never used again, also after a restart, so a receiver can tell a repetition by it.
type Message struct {
	Seq     int64
	Topic   string
	Data    []byte
	NotTill time.Time // not to be tried before
	Tries   int
}

// Outbox keeps messages from the transaction that makes them until someone has delivered them.
type Outbox interface {
	Add(topic string, data []byte) (seq int64, err error)
	// Pending lists a topic's oldest messages of which NotTill has come.
	Pending(topic string, now time.Time, limit int) ([]Message, error)
	// Retry puts a message off.
	Retry(seq int64, notTill time.Time) error
	Done(seqs ...int64) error
	// Count counts the messages of each topic.
	Count() (map[string]int, error)
}

// AuditEntry is a line of the audit trail.
type AuditEntry struct {
	Seq       int64
	At        time.Time
	Actor     string
	Operation string
	Target    string
	Data      []byte
}

// Audit keeps the audit trail.
type Audit interface {
	Add(e AuditEntry) error
	// List goes from the youngest to the oldest; an empty target means all.
	List(target string, p Page) (list []AuditEntry, next string, err error)
	// Forget drops the entries from before t and says how many those were.
	Forget(t time.Time) (int, error)
}
