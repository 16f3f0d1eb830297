package alert

import (
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

// The limits of the service. https://learn.microsoft.com/azure/sentinel/sentinel-service-limits
const (
	MaxAlerts        = 150       // per run of a Scheduled rule with AlertPerResult
	MaxNRTAlerts     = 30        // per run of an NRT rule
	MaxEntities      = 500       // per alert, shared equally by the mappings
	MaxEntitiesBytes = 64 * 1024 // of the Entities column
	MaxDetailValues  = 50        // per custom detail, and per overridden collection
	MaxDetailsBytes  = 2 * 1024  // of all custom details
	MaxValueBytes    = 256       // of an overridden single value
	MaxTextBytes     = 5 * 1024  // of an overridden description or collection
	MaxRowBytes      = 10 * 1024 // of the row that an alert of AlertPerResult carries
)

// Window is the time that a run of a rule looked at.
type Window struct {
	From time.Time // data from here on
	To   time.Time // and before here: the evaluation time, which now() gives in the query
	// Generated is when the alerts come to be, some minutes after To. Zero means To.
	Generated time.Time
}

// IDKind is what an id is for.
type IDKind string

// The ids that a run needs. The index of RunID is -1.
const (
	AlertID  IDKind = "alert"  // SystemAlertId
	VendorID IDKind = "vendor" // VendorOriginalId
	RunID    IDKind = "run"    // Correlation Id
)

// IDFunc makes the id of an alert from its rule, the evaluation time of its run and its place in the run.
type IDFunc func(ruleID string, at time.Time, index int, kind IDKind) string

// idSpace is the name space of DeriveID. It must never change: stored alerts hold such ids.
var idSpace = uuid.MustParse("a1e7c0de-5b0c-5c63-9a52-0d2f6a7b3c94")

// DeriveID is the IDFunc of production: a version 5 UUID of its arguments. A run that is repeated, because the
// process died before it had written down that the run was done, gives its alerts the ids they already have,
// so the second writing is seen as a repetition and nothing is alerted twice.
func DeriveID(ruleID string, at time.Time, index int, kind IDKind) string {
	key := strings.Join([]string{ruleID, types.FormatDatetime(types.TicksOf(at)), strconv.Itoa(index), string(kind)}, "|")
	return uuid.NewSHA1(idSpace, []byte(key)).String()
}

// Alert is an alert of a Scheduled or NRT rule.
type Alert struct {
	ID            string // SystemAlertId
	VendorID      string
	CorrelationID string // of the run
	RuleID        string
	RuleName      string
	Kind          rule.Kind

	Name          string
	Description   string
	Severity      rule.Severity
	Tactics       []string
	Techniques    []string
	SubTechniques []string

	Window        Window
	TimeGenerated time.Time
	StartTime     time.Time // of the first event
	EndTime       time.Time // of the last event

	FirstRow    int // index of the first row of the result that the alert covers
	RowCount    int // rows that it covers
	ResultCount int // rows of the whole result

	Entities      []*entity.Entity
	CustomDetails []Detail
	Properties    Properties

	Query         string // with the evaluation time set; of one row, the row itself
	OriginalQuery string // the rule's, where Query is another
	QueryPeriod   time.Duration
	Trigger       rule.Operator
	Threshold     int
	Grouping      rule.Aggregation

	Issues []Issue
}

// Detail is the values of a custom detail, in the order of their first appearance.
type Detail struct {
	Key    string
	Values []string
}

// Properties are what alertDynamicProperties may fill; empty members are not overridden.
type Properties struct {
	AlertLink            string
	ConfidenceLevel      string
	ConfidenceScore      *float64
	ExtendedLinks        string // JSON array
	ProductName          string
	ProviderName         string
	ProductComponentName string
	RemediationSteps     []string
}

// IssueKind is why an alert is not all that its rule asks for.
type IssueKind string

// The kinds of issue, as a rule's health record lists them.
const (
	EntityIssue   IssueKind = "EntityMapping"  // a value that is no identifier, or a column that is not there
	EntityDropped IssueKind = "EntityDropped"  // over a limit of the service
	DetailIssue   IssueKind = "CustomDetail"   // a column that is not there
	DetailDropped IssueKind = "DetailDropped"  // over a limit of the service
	Override      IssueKind = "AlertOverride"  // a value that the property cannot hold; the rule's own is used
	RowCut        IssueKind = "EventTruncated" // the row was too large to be carried whole
)

// Issue is something that was left out of an alert, and how often.
type Issue struct {
	Kind  IssueKind
	Msg   string
	Count int
}

func (a *Alert) issue(kind IssueKind, msg string, count int) {
	for i := range a.Issues {
		if a.Issues[i].Kind == kind && a.Issues[i].Msg == msg {
			a.Issues[i].Count += count
			return
		}
	}
	a.Issues = append(a.Issues, Issue{kind, msg, count})
}

// Evaluate returns the alerts that the result of r's query over w raises, none where the threshold is not met.
// A nil id means DeriveID. With AlertPerResult, an alert's id follows from the place of its row: the result
// should be ordered, or repeated runs may give one row's id to another.
func Evaluate(r *rule.Rule, res types.Table, w Window, id IDFunc) []Alert {
	if id == nil {
		id = DeriveID
	}
	if w.Generated.IsZero() {
		w.Generated = w.To
	}
	n := len(res.Rows)
	if !fires(r, n) {
		return nil
	}
	e := evaluation{r: r, res: res, w: w, id: id}
	if r.EventGrouping == rule.SingleAlert || n == 0 {
		return []Alert{e.alert(0, 0, n, false)}
	}
	single := n
	if limit := limitOf(r); n > limit {
		single = limit - 1
	}
	var out []Alert
	for i := range single {
		out = append(out, e.alert(i, i, 1, true))
	}
	if single < n { // the last alert stands for the whole result
		out = append(out, e.alert(single, 0, n, false))
	}
	return out
}

func fires(r *rule.Rule, rows int) bool {
	switch r.Kind {
	case rule.NRT:
		return rows > 0
	case rule.Scheduled:
		return r.TriggerOperator.Fires(rows, r.TriggerThreshold)
	}
	return false // a hunting query raises no alert
}

func limitOf(r *rule.Rule) int {
	if r.Kind == rule.NRT {
		return MaxNRTAlerts
	}
	return MaxAlerts
}

// evaluation is one run.
type evaluation struct {
	r   *rule.Rule
	res types.Table
	w   Window
	id  IDFunc
}

// alert makes alert number index of the run, over count rows from first on. carry says that it holds its row.
func (e *evaluation) alert(index, first, count int, carry bool) Alert {
	r := e.r
	a := Alert{
		ID: e.id(r.ID, e.w.To, index, AlertID), VendorID: e.id(r.ID, e.w.To, index, VendorID), CorrelationID: e.id(r.ID, e.w.To, -1, RunID),
		RuleID: r.ID, RuleName: r.Name, Kind: r.Kind,
		Name: r.Name, Description: r.Description, Severity: r.Severity,
		Tactics: r.Tactics, Techniques: r.Techniques, SubTechniques: r.SubTechniques,
		Window: e.w, TimeGenerated: e.w.Generated, StartTime: e.w.From, EndTime: e.w.To,
		FirstRow: first, RowCount: count, ResultCount: len(e.res.Rows),
		Query: queryAt(r.Query, e.w.To), QueryPeriod: r.QueryPeriod,
		Trigger: r.TriggerOperator, Threshold: r.TriggerThreshold, Grouping: r.EventGrouping,
	}
	if r.EventGrouping == rule.AlertPerResult {
		a.OriginalQuery = r.Query
	}
	rows := e.res.Rows[first : first+count]
	e.times(&a, rows)
	e.entities(&a, rows)
	e.details(&a, rows)
	if count > 0 {
		e.override(&a, rows[0])
	}
	if carry {
		e.carry(&a, rows[0])
	}
	return a
}

// times sets the time of the first and last event. Where the result has no TimeGenerated, as after summarize, the
// query's window stands; what the service does then is undocumented.
// https://learn.microsoft.com/azure/sentinel/security-alert-schema
func (e *evaluation) times(a *Alert, rows [][]types.Value) {
	c := e.res.Schema.Index("TimeGenerated")
	if c < 0 || e.res.Schema[c].Type != types.Datetime {
		return
	}
	found := false
	var first, last int64
	for _, row := range rows {
		v := row[c]
		if v.IsNull() {
			continue
		}
		t := v.Int64()
		if !found || t < first {
			first = t
		}
		if !found || t > last {
			last = t
		}
		found = true
	}
	if found {
		a.StartTime, a.EndTime = types.TimeOf(first), types.TimeOf(last)
	}
}

// cell gives the row function that entities are made with.
func (e *evaluation) cell(row []types.Value) entity.Row {
	return func(column string) (types.Value, bool) {
		i := e.res.Schema.Index(column)
		if i < 0 {
			return types.Value{}, false
		}
		return row[i], true
	}
}
