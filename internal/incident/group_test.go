package incident

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/types"
)

var day = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// clock reads 10:05, and 34:05 for the next day.
func clock(t *testing.T, text string) time.Time {
	t.Helper()
	var h, m int
	if _, err := fmt.Sscanf(text, "%d:%d", &h, &m); err != nil {
		t.Fatalf("%q is no time of day: %v", text, err)
	}
	return day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
}

func text(s string) types.JSON { return types.JSON{Kind: types.JSONString, Str: s} }

func thing(kind entity.Kind, fields ...string) *entity.Entity {
	e := &entity.Entity{Kind: kind}
	for n := 0; n < len(fields); n += 2 {
		e.Fields = append(e.Fields, entity.Field{Name: fields[n], Value: text(fields[n+1])})
	}
	return e
}

// readAlert reads "10:00 a1 High user=ann@contoso.com host=web name=Title detail:App=x,y tactic=Impact".
func readAlert(t *testing.T, line string) alert.Alert {
	t.Helper()
	words := strings.Fields(line)
	a := alert.Alert{ID: words[1], RuleID: "r", Name: "Rule", Description: "text", TimeGenerated: clock(t, words[0])}
	a.StartTime, a.EndTime = a.TimeGenerated.Add(-time.Hour), a.TimeGenerated.Add(-time.Minute)
	for s := rule.Informational; s <= rule.High; s++ {
		if s.String() == words[2] {
			a.Severity = s
		}
	}
	for _, w := range words[3:] {
		key, value, _ := strings.Cut(w, "=")
		switch {
		case key == "user":
			name, suffix, _ := strings.Cut(value, "@")
			a.Entities = append(a.Entities, thing(entity.Account, "Name", name, "UPNSuffix", suffix))
		case key == "host":
			a.Entities = append(a.Entities, thing(entity.Host, "HostName", value, "DnsDomain", "contoso.com"))
		case key == "ip":
			a.Entities = append(a.Entities, thing(entity.IP, "Address", value))
		case key == "name":
			a.Name = value
		case key == "tactic":
			a.Tactics = append(a.Tactics, value)
		case strings.HasPrefix(key, "detail:"):
			a.CustomDetails = append(a.CustomDetails, alert.Detail{Key: key[len("detail:"):], Values: strings.Split(value, ",")})
		default:
			t.Fatalf("%q in %q is unknown", w, line)
		}
	}
	return a
}

// world keeps incidents as a store would.
type world struct {
	list   []*Incident
	number int
	events []Event
}

func (w *world) options(at time.Time) Options {
	return Options{At: at, Number: func() (int, error) { w.number++; return w.number, nil },
		URL: func(id string) string { return "https://siem/incidents/" + id },
		Find: func(ruleID, key string, from time.Time) (out []*Incident, err error) {
			for _, i := range w.list {
				if g := i.Group; g != nil && g.RuleID == ruleID && g.Key == key && !g.Since.Before(from) {
					out = append(out, i)
				}
			}
			return out, nil
		}}
}

func (w *world) take(events ...Event) {
	for _, e := range events {
		w.events = append(w.events, e)
		if e.Kind == Created {
			w.list = append(w.list, e.After)
			continue
		}
		n := slices.IndexFunc(w.list, func(i *Incident) bool { return i.ID == e.After.ID })
		if !reflect.DeepEqual(w.list[n], e.Before) {
			panic("an event does not follow the state before it")
		}
		w.list[n] = e.After
	}
}

func (w *world) run(t *testing.T, r *rule.Rule, at time.Time, alerts []alert.Alert) []Event {
	t.Helper()
	events, err := Raise(r, alerts, w.options(at))
	if err != nil {
		t.Fatal(err)
	}
	w.take(events...)
	return events
}

func (w *world) String() string {
	var b strings.Builder
	for _, i := range w.list {
		fmt.Fprintf(&b, "%d %s %s", i.Number, i.Status, i.Severity)
		for _, a := range i.Alerts {
			b.WriteString(" " + a.ID)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// play reads alerts line by line; "--" ends a run, "close 1", "severity 1 Low" and "active 1" change an incident.
func play(t *testing.T, g rule.Incident, script string) *world {
	t.Helper()
	r := &rule.Rule{ID: "r", Name: "Rule", Incident: g}
	w := &world{}
	var batch []alert.Alert
	now := day
	flush := func() {
		w.run(t, r, now, batch)
		batch = nil
	}
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "--" {
			flush()
			continue
		}
		var n int
		if len(words) > 1 {
			_, _ = fmt.Sscan(words[1], &n)
		}
		c := Change{}
		switch words[0] {
		case "close":
			s, k := Closed, TruePositive
			c.Status, c.Classification = &s, &k
		case "active":
			s := Active
			c.Status = &s
		case "severity":
			s := Severity(words[2])
			c.Severity = &s
		default:
			a := readAlert(t, line)
			if a.TimeGenerated.After(now) {
				now = a.TimeGenerated
			}
			batch = append(batch, a)
			continue
		}
		flush()
		e, err := Apply(w.list[n-1], c, Actor{Source: User, Name: "ann"}, now)
		if err != nil {
			t.Fatal(err)
		}
		w.take(e)
	}
	flush()
	return w
}

func grouping(m rule.Matching, reopen bool, lookback time.Duration) rule.Incident {
	return rule.Incident{Create: true, Grouping: rule.Grouping{Enabled: true, ReopenClosed: reopen, Lookback: lookback, Matching: m}}
}

func TestRaise(t *testing.T) {
	any5h, anyReopen, all := grouping(rule.AnyAlert, false, 5*time.Hour), grouping(rule.AnyAlert, true, 5*time.Hour), grouping(rule.AllEntities, false, 5*time.Hour)
	selected := func(change func(*rule.Grouping)) rule.Incident {
		g := grouping(rule.Selected, false, 5*time.Hour)
		change(&g.Grouping)
		return g
	}
	byHost := selected(func(g *rule.Grouping) { g.ByEntities = []entity.Kind{entity.Host} })
	cases := []struct {
		name   string
		g      rule.Incident
		alerts string
		want   string
	}{
		{"no incidents", rule.Incident{}, "10:00 a High", ""},
		{"no grouping", rule.Incident{Create: true}, "10:00 a High\n10:00 b Low\n--\n10:05 c Low", "1 New High a\n2 New Low b\n3 New Low c"},
		{"any alert", any5h, "10:00 a Low user=x@c.com\n--\n11:00 b High\n--\n12:00 c Medium", "1 New High a b c"},
		{"the lookback counts from the first alert", any5h, "10:00 a Low\n--\n14:00 b Low\n--\n15:00 c Low\n--\n15:01 d Low\n--\n16:00 e Low", "1 New Low a b c\n2 New Low d e"},
		{"a repeated run", any5h, "10:00 a Low\n--\n10:00 a Low\n--\n11:00 b Low\n11:00 b Low", "1 New Low a b"},
		{"closed, not reopened", any5h, "10:00 a Low\n--\nclose 1\n11:00 b Low\n--\n12:00 c Low", "1 Closed Low a\n2 New Low b c"},
		{"closed, reopened", anyReopen, "10:00 a Low\n--\nclose 1\n11:00 b High", "1 New High a b"},
		{"closed too long ago to reopen", anyReopen, "10:00 a Low\n--\nclose 1\n15:01 b Low", "1 Closed Low a\n2 New Low b"},
		{"an open one goes before a closed one", anyReopen, "10:00 a Low\n--\nclose 1\n15:30 b Low\n--\n15:40 c Low", "1 Closed Low a\n2 New Low b c"},
		{"an active one stays active", any5h, "10:00 a Low\nactive 1\n11:00 b Low", "1 Active Low a b"},
		{"a severity that was set stays", any5h, "10:00 a Low\nseverity 1 Informational\n11:00 b High", "1 New Informational a b"},
		{"all entities", all, "10:00 a Low user=x@c.com host=h\n10:00 b Low host=h user=X@C.com\n10:00 c Low user=x@c.com\n10:00 d Low user=x@c.com host=i",
			"1 New Low a b\n2 New Low c\n3 New Low d"},
		{"an entity twice is the entity", all, "10:00 a Low user=x@c.com\n10:00 b Low user=x@c.com user=x@c.com", "1 New Low a b"},
		{"no entities match nothing", all, "10:00 a Low\n10:00 b Low\n--\n10:30 c Low", "1 New Low a\n2 New Low b\n3 New Low c"},
		{"selected entities", byHost, "10:00 a Low host=h user=x@c.com\n10:00 b Low host=h user=y@c.com\n10:00 c Low host=i\n10:00 d Low user=x@c.com\n10:00 e Low user=x@c.com",
			"1 New Low a b\n2 New Low c\n3 New Low d\n4 New Low e"},
		{"selected sets of entities", byHost, "10:00 a Low host=h host=i\n10:00 b Low host=i host=h\n10:00 c Low host=h", "1 New Low a b\n2 New Low c"},
		{"by name", selected(func(g *rule.Grouping) { g.ByDisplayName = true }), "10:00 a Low name=X\n10:00 b High name=X\n10:00 c Low name=Y", "1 New High a b\n2 New Low c"},
		{"by severity", selected(func(g *rule.Grouping) { g.BySeverity = true }), "10:00 a Low\n10:00 b High\n--\n10:05 c Low", "1 New Low a c\n2 New High b"},
		{"by custom detail", selected(func(g *rule.Grouping) { g.ByCustomDetails = []string{"App"} }),
			"10:00 a Low detail:App=x,y\n10:00 b Low detail:App=y,x detail:Z=1\n10:00 c Low detail:App=x\n10:00 d Low\n10:00 e Low", "1 New Low a b\n2 New Low c\n3 New Low d\n4 New Low e"},
		{"nothing selected", selected(func(*rule.Grouping) {}), "10:00 a Low host=h\n10:00 b High", "1 New High a b"},
		{"the order in a run does not matter", any5h, "10:02 c Low\n10:00 b Low\n10:00 a Low", "1 New Low a b c"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.TrimSpace(play(t, c.g, c.alerts).String()); got != c.want {
				t.Errorf("incidents:\n%s\nexpected:\n%s", got, c.want)
			}
		})
	}
}

func TestRaiseOverTheLimit(t *testing.T) {
	var alerts []alert.Alert
	for n := range 2*MaxAlerts + 3 {
		alerts = append(alerts, readAlert(t, fmt.Sprintf("10:00 a%03d Low name=N%d", n, n)))
	}
	r := &rule.Rule{ID: "r", Name: "Rule", Incident: grouping(rule.AnyAlert, true, time.Hour)}
	w := &world{}
	w.run(t, r, day, alerts[:200])
	closed, k := Closed, BenignPositive
	e, err := Apply(w.list[1], Change{Status: &closed, Classification: &k}, Actor{Source: User}, day)
	if err != nil {
		t.Fatal(err)
	}
	w.take(e)
	w.run(t, r, day, alerts[200:])
	var got []string
	for _, i := range w.list {
		got = append(got, fmt.Sprint(i.Number, " ", i.Title, " ", i.Status, " ", len(i.Alerts)))
	}
	// the first is full and open: what comes goes into one like it, never into a closed one
	want := []string{"1 N0 New 150", "2 N0 Closed 50", "3 N0 New 103"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("incidents %v, expected %v", got, want)
	}
}

// TestRaiseSplitting: what the alerts become does not depend on how they are spread over runs, nor on their order in one.
func TestRaiseSplitting(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		g := grouping([]rule.Matching{rule.AllEntities, rule.AnyAlert, rule.Selected}[round%3], round%2 == 0, time.Duration(1+rnd.IntN(5))*time.Hour)
		g.Grouping.ByEntities, g.Grouping.BySeverity = []entity.Kind{entity.Host}, true
		r := &rule.Rule{ID: "r", Name: "Rule", Incident: g}
		var alerts []alert.Alert
		for n := range 40 {
			line := fmt.Sprintf("%d:%02d a%02d %s", 8+rnd.IntN(12), rnd.IntN(60), n, []string{"Low", "High"}[rnd.IntN(2)])
			for range rnd.IntN(3) {
				line += fmt.Sprintf(" host=h%d", rnd.IntN(3))
			}
			alerts = append(alerts, readAlert(t, line))
		}
		once := &world{}
		rnd.Shuffle(len(alerts), func(a, b int) { alerts[a], alerts[b] = alerts[b], alerts[a] })
		once.run(t, r, day, alerts)
		many := &world{}
		slices.SortFunc(alerts, func(a, b alert.Alert) int {
			return strings.Compare(a.TimeGenerated.Format(time.RFC3339)+a.ID, b.TimeGenerated.Format(time.RFC3339)+b.ID)
		})
		for rest := alerts; len(rest) > 0; {
			n := 1 + rnd.IntN(len(rest))
			many.run(t, r, day, rest[:n])
			rest = rest[n:]
		}
		if once.String() != many.String() {
			t.Fatalf("round %d, in one run:\n%s\nin many:\n%s", round, once, many)
		}
		seen := map[string]bool{}
		for _, i := range once.list {
			for _, a := range i.Alerts {
				if seen[a.ID] {
					t.Errorf("alert %s is in two incidents", a.ID)
				}
				seen[a.ID] = true
				if a.Generated.After(i.Alerts[0].Generated.Add(g.Grouping.Lookback)) {
					t.Errorf("alert %s of %s is outside the lookback of incident %d", a.ID, a.Generated, i.Number)
				}
			}
		}
		if len(seen) != len(alerts) {
			t.Errorf("%d alerts in incidents, expected %d", len(seen), len(alerts))
		}
	}
}

func TestRaiseEvents(t *testing.T) {
	w := play(t, grouping(rule.AnyAlert, true, 5*time.Hour), "10:00 a Low tactic=Impact user=x@c.com detail:App=x\n10:01 b High tactic=Impact tactic=Discovery detail:App=y\n--\nclose 1\n11:00 c Low ip=8.8.8.8")
	var kinds []string
	for _, e := range w.events {
		entry, ok := e.Audit()
		kinds = append(kinds, fmt.Sprint(e.Kind, " ", e.By, " ", ok, " ", len(entry.Changes)))
	}
	want := []string{"Created Alert grouping - Rule true 8", "Updated User - ann true 2", "Updated Alert grouping - Rule true 4"}
	if !reflect.DeepEqual(kinds, want) {
		t.Errorf("events %q, expected %q", kinds, want)
	}
	i := w.list[0]
	if i.ID != DeriveID("A") || i.URL != "https://siem/incidents/"+i.ID || i.Title != "Rule" || i.Classification != "" || i.Status != New {
		t.Errorf("incident %+v", i)
	}
	if !i.FirstActivity.Equal(clock(t, "9:00")) || !i.LastActivity.Equal(clock(t, "10:59")) || !i.Created.Equal(clock(t, "10:01")) ||
		!i.LastModified.Equal(clock(t, "11:00")) || !i.FirstModified.Equal(clock(t, "10:01")) || !i.ClosedTime.Equal(clock(t, "10:01")) {
		t.Errorf("times %+v", i)
	}
	if got := i.Tactics(); !reflect.DeepEqual(got, []string{"Impact", "Discovery"}) {
		t.Errorf("tactics %v", got)
	}
	if got := i.CustomDetails(); !reflect.DeepEqual(got, []alert.Detail{{Key: "App", Values: []string{"x", "y"}}}) {
		t.Errorf("custom details %v", got)
	}
	if n := len(i.Entities()); n != 2 {
		t.Errorf("%d entities", n)
	}
	if id := DeriveID("A"); id != "bcc9a085-5f33-58a4-93c9-0967418f4bb3" || id != DeriveID("a") {
		t.Errorf("id %s: ids of stored incidents would change", id)
	}
}

func TestKeyIsUnambiguous(t *testing.T) {
	r := &rule.Rule{ID: "r", Incident: grouping(rule.Selected, false, time.Hour)}
	r.Incident.Grouping.ByCustomDetails = []string{"A", "B"}
	seen := map[string]string{}
	for _, details := range []string{"detail:A=x,y detail:B=z", "detail:A=x detail:B=y,z", "detail:A=x,detail detail:B=z", `detail:A=x","y detail:B=z`, "detail:A=x;y detail:B=z"} {
		key, ok := Key(r, readAlert(t, "10:00 a Low "+details))
		if !ok || seen[key] != "" {
			t.Errorf("%q has the key of %q", details, seen[key])
		}
		seen[key] = details
	}
}

func TestRaiseFaults(t *testing.T) {
	r := &rule.Rule{ID: "r", Name: "Rule", Incident: grouping(rule.AnyAlert, false, time.Hour)}
	alerts := []alert.Alert{readAlert(t, "10:00 a Low")}
	fail := fmt.Errorf("disk on fire")
	for _, c := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"number", func(o *Options) { o.Number = func() (int, error) { return 0, fail } }, "group alert a of rule r: disk on fire"},
		{"find", func(o *Options) { o.Find = func(string, string, time.Time) ([]*Incident, error) { return nil, fail } }, "disk on fire"},
		{"partial", func(o *Options) {
			o.Find = func(string, string, time.Time) ([]*Incident, error) { return []*Incident{{Partial: true}}, nil }
		}, ErrPartial.Error()},
	} {
		o := (&world{}).options(day)
		c.change(&o)
		if _, err := Raise(r, alerts, o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, expected %q", c.name, err, c.want)
		}
	}
	long := alerts[0]
	long.Name, long.Description = "  ", strings.Repeat("é", MaxDescription+5)
	w := &world{}
	if w.run(t, r, day, []alert.Alert{long}); w.list[0].Title != "Rule" || len([]rune(w.list[0].Description)) != MaxDescription {
		t.Errorf("title %q, description of %d bytes", w.list[0].Title, len(w.list[0].Description))
	}
}
