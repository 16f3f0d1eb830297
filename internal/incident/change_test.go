package incident

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/types"
)

var (
	ann = Actor{Source: User, Name: "Ann", ObjectID: "1", UserPrincipalName: "ann@contoso.com"}
	bob = Actor{Source: User, Name: "Bob", ObjectID: "2"}
)

func p[T any](v T) *T { return &v }

func opened(t *testing.T, c Change) *Incident {
	t.Helper()
	if c.Title == nil {
		c.Title, c.Severity, c.Status = p("T"), p(Medium), p(New)
	}
	e, err := Open(Draft{ID: "i", Number: 7, Change: c}, ann, day)
	if err != nil {
		t.Fatal(err)
	}
	return e.After
}

func related(id string, s Severity) *Related {
	return &Related{ID: id, Name: "A", Severity: s, Start: day.Add(-time.Hour), End: day.Add(-time.Minute), Tactics: []string{"Impact"}}
}

func TestApply(t *testing.T) {
	open := Change{}
	closed := Change{Title: p("T"), Severity: p(Low), Status: p(Closed), Classification: p(FalsePositive), Reason: p(InaccurateData), ClosingComment: p("oops")}
	full := func(n int, put func(c *Change, n int)) func(*Incident) *Incident {
		return func(i *Incident) *Incident {
			for k := range n {
				var c Change
				put(&c, k)
				e, err := Apply(i, c, ann, day)
				if err != nil {
					panic(err)
				}
				i = e.After
			}
			return i
		}
	}
	comment := func(c *Change, n int) { c.AddComment = &Comment{ID: fmt.Sprint("c", n), Message: "m"} }
	task := func(c *Change, n int) { c.PutTask = &Task{ID: fmt.Sprint("t", n), Title: "m"} }
	alerts := func(c *Change, n int) { c.Relate = related(fmt.Sprint("a", n), Low) }
	marks := func(c *Change, n int) { c.RelateBookmark = fmt.Sprint("b", n) }
	cases := []struct {
		name   string
		from   Change
		before func(*Incident) *Incident
		c      Change
		by     Actor
		want   string // the differences
		err    error
		says   string
	}{
		{name: "nothing", from: open, want: ""},
		{name: "what is", from: open, c: Change{Title: p("T"), Severity: p(Medium), Status: p(New)}, want: ""},
		{name: "texts", from: open, c: Change{Title: p("U"), Description: p("d")}, want: "title T>U, description >d"},
		{name: "empty title", from: open, c: Change{Title: p(" ")}, err: ErrInvalid, says: "title is empty"},
		{name: "long description", from: open, c: Change{Description: p(strings.Repeat("é", MaxDescription+1))}, err: ErrLimit, says: "5001 characters"},
		{name: "longest description", from: open, c: Change{Description: p(strings.Repeat("é", MaxDescription))}, want: "description >" + strings.Repeat("é", 499) + "…"},
		{name: "severity", from: open, c: Change{Severity: p(High)}, want: "severity Medium>High"},
		{name: "no severity", from: open, c: Change{Severity: p(Severity("Critical"))}, err: ErrInvalid, says: `severity "Critical"`},
		{name: "no status", from: open, c: Change{Status: p(Status("Open"))}, err: ErrInvalid, says: `status "Open"`},
		{name: "active", from: open, c: Change{Status: p(Active)}, want: "status New>Active"},
		{name: "close bare", from: open, c: Change{Status: p(Closed)}, err: ErrInvalid, says: "demands a classification"},
		{name: "close", from: open, c: Change{Status: p(Closed), Classification: p(TruePositive), Reason: p(SuspiciousActivity)},
			want: "status New>Closed, classification >TruePositive, classificationReason >SuspiciousActivity"},
		{name: "close without reason", from: open, c: Change{Status: p(Closed), Classification: p(Undetermined)}, want: "status New>Closed, classification >Undetermined"},
		{name: "reason of another", from: open, c: Change{Status: p(Closed), Classification: p(TruePositive), Reason: p(InaccurateData)}, err: ErrInvalid, says: "does not go with TruePositive"},
		{name: "reason of none", from: open, c: Change{Status: p(Closed), Classification: p(Undetermined), Reason: p(InaccurateData)}, err: ErrInvalid, says: "has no reason"},
		{name: "no classification", from: open, c: Change{Status: p(Closed), Classification: p(Classification("Bad"))}, err: ErrInvalid, says: `classification "Bad"`},
		{name: "classify an open one", from: open, c: Change{Classification: p(TruePositive)}, err: ErrInvalid, says: "only a Closed incident"},
		{name: "comment the closing of an open one", from: open, c: Change{ClosingComment: p("x")}, err: ErrInvalid, says: "only a Closed incident"},
		{name: "reclassify", from: closed, c: Change{Classification: p(BenignPositive)}, want: "classification FalsePositive>BenignPositive, classificationReason InaccurateData>"},
		{name: "reopen", from: closed, c: Change{Status: p(Active)},
			want: "status Closed>Active, classification FalsePositive>, classificationReason InaccurateData>, classificationComment oops>"},
		{name: "reopen, all written back", from: closed, c: Change{Status: p(New), Classification: p(FalsePositive), Reason: p(InaccurateData), ClosingComment: p("oops")},
			want: "status Closed>New, classification FalsePositive>, classificationReason InaccurateData>, classificationComment oops>"},
		{name: "reopen as another", from: closed, c: Change{Status: p(New), Classification: p(TruePositive)}, err: ErrInvalid, says: "only a Closed incident"},
		{name: "owner", from: open, c: Change{Owner: &Owner{Email: "b@c.com", Type: "User"}}, want: "owner >b@c.com"},
		{name: "owner of no type", from: open, c: Change{Owner: &Owner{Type: "Robot"}}, err: ErrInvalid, says: `ownerType "Robot"`},
		{name: "labels", from: Change{AddLabels: []string{"x", "y"}, Title: p("T"), Severity: p(Low), Status: p(New)}, c: Change{Labels: &[]string{"Y", "z"}, AddLabels: []string{"Z"}},
			want: "label x>, label >z"},
		{name: "nameless label", from: open, c: Change{AddLabels: []string{""}}, err: ErrInvalid, says: "no name"},
		{name: "comment", from: open, c: Change{AddComment: &Comment{ID: "c", Message: "hello"}}, want: "comment >hello"},
		{name: "empty comment", from: open, c: Change{AddComment: &Comment{ID: "c", Message: "\n"}}, err: ErrInvalid, says: "no message"},
		{name: "long comment", from: open, c: Change{AddComment: &Comment{ID: "c", Message: strings.Repeat("x", MaxComment+1)}}, err: ErrLimit, says: "30001"},
		{name: "101st comment", from: open, before: full(MaxComments, comment), c: Change{AddComment: &Comment{ID: "c", Message: "x"}}, err: ErrLimit, says: "100 comments"},
		{name: "comment again", from: open, before: full(1, comment), c: Change{AddComment: &Comment{ID: "c0", Message: "x"}}, err: ErrInvalid, says: "exists"},
		{name: "edit one's comment", from: open, before: full(1, comment), c: Change{EditComment: &Comment{ID: "c0", Message: "n"}}, want: "comment m>n"},
		{name: "edit another's comment", from: open, before: full(1, comment), c: Change{EditComment: &Comment{ID: "c0", Message: "n"}}, by: bob, err: ErrForbidden, says: "only its author"},
		{name: "edit no comment", from: open, c: Change{EditComment: &Comment{ID: "c0", Message: "n"}}, err: ErrNotFound, says: `"c0"`},
		{name: "delete a comment", from: open, before: full(2, comment), c: Change{DeleteComment: "c0"}, by: bob, want: "comment m>"},
		{name: "task", from: open, c: Change{PutTask: &Task{ID: "t", Title: "Call"}}, want: "task >New: Call"},
		{name: "task done", from: open, before: full(1, task), c: Change{PutTask: &Task{ID: "t0", Title: "m", Status: TaskCompleted}}, want: "task New: m>Completed: m"},
		{name: "task of no status", from: open, c: Change{PutTask: &Task{ID: "t", Title: "m", Status: "Half"}}, err: ErrInvalid, says: `"Half"`},
		{name: "41st task", from: open, before: full(MaxTasks, task), c: Change{PutTask: &Task{ID: "t", Title: "m"}}, err: ErrLimit, says: "40 tasks"},
		{name: "delete no task", from: open, c: Change{DeleteTask: "t"}, err: ErrNotFound, says: `task "t"`},
		{name: "relate", from: open, c: Change{Relate: related("a", High)},
			want: "severity Medium>High?, firstActivity >2026-03-01T23:00:00Z, lastActivity >2026-03-01T23:59:00Z, alert >a"},
		{name: "relate again", from: open, before: full(1, alerts), c: Change{Relate: related("A0", Low)}, err: ErrRelated, says: "A0"},
		{name: "151st alert", from: open, before: full(MaxAlerts, alerts), c: Change{Relate: related("a", Low)}, err: ErrLimit, says: "150 alerts"},
		{name: "unrelate", from: open, before: full(2, alerts), c: Change{Unrelate: "A1"}, want: "alert a1>"},
		{name: "unrelate a stranger", from: open, c: Change{Unrelate: "a"}, err: ErrNotFound, says: "alert a"},
		{name: "21st bookmark", from: open, before: full(MaxBookmarks, marks), c: Change{RelateBookmark: "b"}, err: ErrLimit, says: "20 bookmarks"},
		{name: "activity upside down", from: open, c: Change{FirstActivity: p(day), LastActivity: p(day.Add(-1))}, err: ErrInvalid, says: "is before the first"},
		{name: "one fault, no change", from: open, c: Change{Title: p("U"), DeleteTask: "t"}, err: ErrNotFound, says: "task"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := opened(t, c.from)
			if c.before != nil {
				i = c.before(i)
			}
			if c.by.Source == "" {
				c.by = ann
			}
			was, _ := json.Marshal(i)
			e, err := Apply(i, c.c, c.by, day.Add(time.Hour))
			if is, _ := json.Marshal(i); string(is) != string(was) {
				t.Errorf("the incident itself changed:\n%s\nfrom\n%s", is, was)
			}
			if c.err != nil {
				if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("error %v, expected %v with %q", err, c.err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range e.Diff {
				got = append(got, d.Property+" "+d.From+">"+d.To)
			}
			want := strings.ReplaceAll(c.want, "severity Medium>High?, ", "") // the severity was set when it was opened
			if text := strings.Join(got, ", "); text != want {
				t.Errorf("changed %q, expected %q", text, want)
			}
			if kind := map[bool]EventKind{true: Unchanged, false: Updated}[c.want == ""]; e.Kind != kind || kind == Updated && (e.After.ModifiedBy != c.by || !e.After.LastModified.Equal(e.At)) {
				t.Errorf("event %s by %s", e.Kind, e.After.ModifiedBy)
			}
		})
	}
	if _, err := Apply(&Incident{Partial: true}, Change{}, ann, day); !errors.Is(err, ErrPartial) {
		t.Errorf("a partial incident: %v", err)
	}
}

func TestOpen(t *testing.T) {
	for _, c := range []struct {
		d    Draft
		says string
	}{
		{Draft{Number: 1}, "needs an id"}, {Draft{ID: "i"}, "and a number"}, {Draft{ID: "i", Number: 1}, "title is missing"},
		{Draft{ID: "i", Number: 1, Change: Change{Title: p("T")}}, "severity is missing"},
		{Draft{ID: "i", Number: 1, Change: Change{Title: p("T"), Severity: p(Low)}}, "status is missing"},
		{Draft{ID: "i", Number: 1, Change: Change{Title: p("T"), Severity: p(Low), Status: p(Closed)}}, "demands a classification"},
	} {
		if _, err := Open(c.d, ann, day); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v, expected %q", err, c.says)
		}
	}
	i := opened(t, Change{})
	if !i.Created.Equal(day) || !i.FirstModified.IsZero() || i.ProviderIncidentID != "7" || i.ModifiedBy != ann {
		t.Errorf("opened %+v", i)
	}
}

func TestSchemaIsTheCatalogs(t *testing.T) {
	table, ok := catalog.Builtin().Table("SecurityIncident")
	if !ok {
		t.Fatal("the catalog has no SecurityIncident")
	}
	var want types.Schema
	for _, c := range table.Columns {
		if !strings.HasPrefix(c.Name, "_") {
			want = append(want, c)
		}
	}
	if got := Schema(); !reflect.DeepEqual(got, want) {
		t.Errorf("schema %s\nexpected %s", got, want)
	}
}

func TestRow(t *testing.T) {
	i := opened(t, Change{Title: p("T"), Severity: p(Low), Status: p(New), AddLabels: []string{"x"}, Owner: &Owner{AssignedTo: "Bob"},
		Relate: &Related{ID: "a", RuleID: "r", Product: "P", Tactics: []string{"Impact"}, Techniques: []string{"T1078"}, Start: day, End: day}})
	i.Alerts[0].RuleID = "r"
	e, err := Apply(i, Change{AddComment: &Comment{ID: "c", Message: "hi"}, PutTask: &Task{ID: "t", Title: "Call"}}, ann, day.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	row, ok := e.Row(alert.Workspace{ID: "w"})
	if !ok {
		t.Fatal("no row")
	}
	for _, c := range Schema() {
		v, ok := row[c.Name]
		if !ok || v.Type() != c.Type {
			t.Errorf("column %s is %s, expected %s", c.Name, v.Type(), c.Type)
		}
	}
	if len(row) != len(Schema()) {
		t.Errorf("%d columns, expected %d", len(row), len(Schema()))
	}
	author := `{"name":"Ann","email":null,"objectId":"1","userPrincipalName":"ann@contoso.com"}`
	for name, want := range map[string]string{
		"TenantId": "w", "IncidentNumber": "7", "Status": "New", "ClosedTime": "", "FirstModifiedTime": "2026-03-02T00:01:00.0000000Z",
		"ModifiedBy": "User - ann@contoso.com", "AlertIds": `["a"]`, "RelatedAnalyticRuleIds": `["r"]`, "BookmarkIds": "[]",
		"Owner":          `{"objectId":null,"email":null,"assignedTo":"Bob","userPrincipalName":null}`,
		"Labels":         `[{"labelName":"x","labelType":"User"}]`,
		"AdditionalData": `{"alertsCount":1,"bookmarksCount":0,"commentsCount":1,"alertProductNames":["P"],"tactics":["Impact"],"techniques":["T1078"]}`,
		"Comments":       `[{"id":"c","message":"hi","createdTimeUtc":"2026-03-02T00:01:00Z","lastModifiedTimeUtc":"2026-03-02T00:01:00Z","author":` + author + `}]`,
		"Tasks": `[{"taskId":"t","title":"Call","description":null,"status":"New","createdTimeUtc":"2026-03-02T00:01:00Z","lastModifiedTimeUtc":"2026-03-02T00:01:00Z","createdBy":` +
			author + `,"lastModifiedBy":` + author + `}]`,
	} {
		if got := row[name].ToText(); got != want {
			t.Errorf("%s is %s, expected %s", name, got, want)
		}
	}
	for _, e := range []Event{{Kind: Unchanged, Before: i, After: i}, Delete(i, ann, day)} {
		if _, ok := e.Row(alert.Workspace{}); ok {
			t.Errorf("%s has a row", e.Kind)
		}
	}
}

func TestRowIsBounded(t *testing.T) {
	i := opened(t, Change{})
	wide := "\u20ac" // three bytes
	i.Description, i.ClosingComment, i.Title = strings.Repeat(wide, MaxDescription), strings.Repeat(wide, MaxClosingComment), strings.Repeat(wide, MaxTitle)
	for n := range MaxComments {
		i.Comments = append(i.Comments, Comment{ID: fmt.Sprint(n), Message: strings.Repeat("\x01", 1000)})
	}
	for n := range MaxAlerts {
		i.Alerts = append(i.Alerts, Related{ID: fmt.Sprintf("%036d", n), Product: fmt.Sprintf("%0200d", n)})
	}
	for n := range MaxTasks {
		i.Tasks = append(i.Tasks, Task{ID: fmt.Sprint(n), Title: "t", Description: strings.Repeat("\\", 600)})
	}
	i.CommentCount = len(i.Comments)
	for _, products := range []bool{true, false} {
		if !products { // room for tasks and comments
			i.Description, i.ClosingComment = "", ""
			for n := range i.Alerts {
				i.Alerts[n].Product = "P"
			}
			i.Tasks = i.Tasks[:2]
		}
		row, _ := Event{Kind: Updated, After: i}.Row(alert.Workspace{})
		size := 0
		for name, v := range row {
			size += len(name) + len(v.ToText())
		}
		if size > MaxRowBytes {
			t.Errorf("the row has %d bytes", size)
		}
		comments, err := types.ParseJSON(row["Comments"].Text())
		if err != nil {
			t.Fatal(err)
		}
		tasks, _ := types.ParseJSON(row["Tasks"].Text())
		t.Logf("%d bytes, %d comments, %d tasks", size, len(comments.Items), len(tasks.Items))
		if products {
			if len(comments.Items) != 0 || !strings.HasPrefix(i.Description, row["Description"].Text()) {
				t.Error("comments stayed where the texts were cut")
			}
			continue
		}
		if n := len(comments.Items); n == 0 || n == MaxComments || len(tasks.Items) != 2 {
			t.Errorf("%d comments and %d tasks kept", n, len(tasks.Items))
		} else if last, _ := comments.Items[n-1].Get("id"); last.Str != "99" {
			t.Errorf("the newest comment kept is %s", last.Str)
		}
		if !strings.Contains(row["AdditionalData"].Text(), `"commentsCount":100`) {
			t.Errorf("counts %s", row["AdditionalData"].Text())
		}
	}
}

func TestEvidence(t *testing.T) {
	r := Related{ID: "a", Entities: []*entity.Entity{thing(entity.Account, "Name", "x", "UPNSuffix", "c.com"), thing(entity.IP, "Address", "8.8.8.8")},
		CustomDetails: []alert.Detail{{Key: "k", Values: []string{"1", "2"}}}}
	for _, want := range []Related{r, {ID: "a"}} {
		text, err := want.Evidence()
		if err != nil {
			t.Fatal(err)
		}
		got := Related{ID: "a"}
		if err := got.SetEvidence(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s reads as %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "[]", `{"entities":"["}`} {
		if (&Related{}).SetEvidence(bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
