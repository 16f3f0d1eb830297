package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
	"github.com/vedette-siem/vedette/internal/incident"
	"github.com/vedette-siem/vedette/internal/rule"
	"github.com/vedette-siem/vedette/internal/state"
)

var (
	day   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	place = alert.Workspace{ID: "5e1f", Name: "w", Subscription: "s", ResourceGroup: "g"}
)

func account(t *testing.T, name string) *entity.Entity {
	t.Helper()
	list, err := entity.Parse(fmt.Sprintf(`[{"$id":"1","Name":%q,"Type":"account"}]`, name))
	if err != nil || len(list) != 1 {
		t.Fatalf("entity %s: %v", name, err)
	}
	return list[0]
}

func someIncident(t *testing.T) *incident.Incident {
	return &incident.Incident{
		ID: "0c5a", Number: 7, Title: "Sign-in from Mars", Description: "One that <b>should</b> not be.", Severity: incident.High, Status: incident.Active,
		Owner: incident.Owner{Email: "ann@example.com"}, Labels: []incident.Label{{Name: "vip", Type: "User"}, {Name: "mail", Type: "User"}},
		ProviderName: "Azure Sentinel", URL: "https://siem.example.com/incidents/7", Created: day, LastModified: day, FirstActivity: day.Add(-time.Hour), CommentCount: 2,
		Alerts: []incident.Related{
			{ID: "a1", RuleID: "r1", Name: "Mars", Severity: incident.High, Product: "Azure Sentinel", Generated: day, Start: day, End: day, Tactics: []string{"Impact"}, Techniques: []string{"T1485"},
				Entities: []*entity.Entity{account(t, "ann")}, CustomDetails: []alert.Detail{{Key: "App", Values: []string{"Mail", "Drive"}}}},
			{ID: "a2", RuleID: "r1", Name: "Mars", Severity: incident.Low, Product: "Azure Sentinel", Generated: day, Start: day, End: day},
		},
	}
}

func someAlert(t *testing.T) *alert.Alert {
	return &alert.Alert{ID: "a9", VendorID: "v9", RuleID: "r9", RuleName: "R nine", Kind: rule.Scheduled, Name: "Venus", Severity: rule.Low, Tactics: []string{"Discovery"},
		TimeGenerated: day, StartTime: day, EndTime: day, Entities: []*entity.Entity{account(t, "bob")}, CustomDetails: []alert.Detail{{Key: "App", Values: []string{"Mail"}}}}
}

// message makes an action about an incident.
func message(t *testing.T, kind string, c incident.Config) state.Message {
	t.Helper()
	return messageOf(t, incident.Due{RuleID: "au-1", RuleName: "Tell all", Action: incident.Action{Order: 2, Type: kind, Config: c}, Incident: someIncident(t), Event: incident.Created})
}

func messageOf(t *testing.T, d incident.Due) state.Message {
	t.Helper()
	data, err := Encode(d, day, place)
	if err != nil {
		t.Fatal(err)
	}
	return state.Message{Seq: 41, Topic: "actions", Data: data}
}

// deliverer makes one that may reach the machine itself, where the tests' servers are.
func deliverer(t *testing.T, change func(*Options)) *Deliverer {
	t.Helper()
	o := Options{Now: func() time.Time { return day }, Timeout: 5 * time.Second, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Secrets: func(name string) (string, bool) {
			s, ok := map[string]string{"hook": "s3cret", "smtp": "pass word"}[name]
			return s, ok
		}}
	if change != nil {
		change(&o)
	}
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// outcome judges what Deliver returned: "", or permanent or transient and a part of what it says.
func outcome(t *testing.T, err error, want string) {
	t.Helper()
	kind, says, _ := strings.Cut(want, ": ")
	got := "transient"
	if Permanent(err) {
		got = "permanent"
	}
	if want == "" {
		if err != nil {
			t.Errorf("error %v", err)
		}
		return
	}
	if err == nil || got != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("%s error %v, expected %s", got, err, want)
	}
}

func TestEncode(t *testing.T) {
	hook := incident.Action{Order: 1, Type: incident.CallWebhook, Config: incident.Config{URL: "https://h", Headers: map[string]string{"A": "b"}}}
	for _, d := range []incident.Due{
		{RuleID: "r", RuleName: "R", Action: hook, Incident: someIncident(t), Event: incident.Updated},
		{RuleID: "r", RuleName: "R", Action: hook, Incident: &incident.Incident{}, Event: incident.Created},
		{RuleID: "r", RuleName: "R", Action: hook, Alert: someAlert(t), Event: incident.Created},
	} {
		data, err := Encode(d, day, place)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(m)
		if err != nil || string(again) != string(data) {
			t.Errorf("read and written again it is\n%s\nexpected\n%s (%v)", again, data, err)
		}
		if m.RuleID != "r" || m.Event != d.Event.String() || !m.At.Equal(day) || !reflect.DeepEqual(m.Action, d.Action) || m.Workspace != place {
			t.Errorf("read %+v", m)
		}
	}
	whole := incident.Due{Action: hook, Incident: someIncident(t), Event: incident.Created}
	with := func(f func(*incident.Due)) incident.Due { d := whole; f(&d); return d }
	for says, d := range map[string]incident.Due{
		"about an incident or an alert": with(func(d *incident.Due) { d.Incident = nil }),
		`"ModifyProperties" are not`:    with(func(d *incident.Due) { d.Action.Type = incident.ModifyProperties }),
		`event "Deleted"`:               with(func(d *incident.Due) { d.Event = incident.Deleted }),
		"load it whole":                 with(func(d *incident.Due) { i := *d.Incident; i.Partial = true; d.Incident = &i }),
	} {
		if _, err := Encode(d, day, place); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, expected one with %q", err, says)
		}
	}
	d := deliverer(t, nil)
	for data, says := range map[string]string{"": "unexpected end", "{}": "version 0", `{"version":2}`: "version 2", `{"version":1}`: "actions of type"} {
		outcome(t, d.Deliver(t.Context(), state.Message{Seq: 5, Data: []byte(data)}), "permanent: "+says)
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	i := someIncident(t)
	i.Alerts[1].Entities = nil
	for n := range 3000 {
		i.Alerts[1].Entities = append(i.Alerts[1].Entities, account(t, fmt.Sprintf("somebody-with-a-long-name-%d", n)))
	}
	e := incidentOf(i, place).Properties.Evidence
	kept, err := entity.Parse(string(e.Entities))
	if err != nil || len(e.Entities) > alert.MaxEntitiesBytes || e.Omitted == 0 || len(kept)+e.Omitted != 3001 {
		t.Errorf("%d bytes, %d entities kept and %d left out (%v)", len(e.Entities), len(kept), e.Omitted, err)
	}
}

func TestDeliveryID(t *testing.T) {
	m := message(t, incident.WriteFile, incident.Config{Path: "a"})
	id := DeliveryID(m)
	later := m
	later.Tries, later.NotTill = 4, day
	other := m
	other.Seq++
	elsewhere := m
	elsewhere.Data = append([]byte(nil), m.Data...)
	elsewhere.Data[len(elsewhere.Data)-3]++
	if id != DeliveryID(later) || id == DeliveryID(other) || id == DeliveryID(elsewhere) || len(id) != 36 {
		t.Errorf("ids %s, %s, %s, %s", id, DeliveryID(later), DeliveryID(other), DeliveryID(elsewhere))
	}
}

func TestRetry(t *testing.T) {
	for tries, want := range map[int]time.Duration{-1: time.Second, 0: time.Second, 1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 12: 2048 * time.Second, 13: time.Hour, 1 << 30: time.Hour} {
		seen := map[time.Duration]bool{}
		for seq := range int64(200) {
			d := Backoff(seq, tries)
			if d > want || d < want*3/4 || d != Backoff(seq, tries) {
				t.Fatalf("message %d waits %s after %d tries, expected %s less a quarter at most", seq, d, tries, want)
			}
			seen[d] = true
		}
		if len(seen) < 100 {
			t.Errorf("after %d tries 200 messages come back at %d moments", tries, len(seen))
		}
	}
	last := 1
	for !GiveUp(last) {
		last++
	}
	if GiveUp(0) || last != 35 || !GiveUp(1<<20) {
		t.Errorf("given up after %d tries", last)
	}
	failed := errors.New("x")
	cases := []struct {
		tries int
		err   error
		from  time.Duration
		to    time.Duration
		ok    bool
	}{
		{0, failed, 750 * time.Millisecond, time.Second, true}, {3, fmt.Errorf("y: %w", failed), 6 * time.Second, 8 * time.Second, true}, {0, refuse("no"), 0, 0, false},
		{0, fmt.Errorf("y: %w", refuse("no")), 0, 0, false}, {last - 2, failed, 45 * time.Minute, time.Hour, true}, {last - 1, failed, 0, 0, false},
		{0, &fault{err: failed, after: time.Minute}, time.Minute, time.Minute, true}, {8, &fault{err: failed, after: time.Second}, 192 * time.Second, 256 * time.Second, true},
	}
	for _, c := range cases {
		at, ok := Next(state.Message{Seq: 9, Tries: c.tries}, c.err, day)
		if wait := at.Sub(day); ok != c.ok || ok && (wait < c.from || wait > c.to) {
			t.Errorf("%v after %d failures: %s, %t; expected %s to %s, %t", c.err, c.tries, wait, ok, c.from, c.to, c.ok)
		}
	}
	if _, ok := RetryAfter(failed); ok || Permanent(nil) {
		t.Error("an error of someone else's has wishes")
	}
}

func TestNew(t *testing.T) {
	ok := func() Options { return Options{Now: func() time.Time { return day }} }
	server := SMTP{Host: "m", Security: TLS, From: "a@b.c"}
	mailing := func(f func(*SMTP)) func(*Options) { return func(o *Options) { s := server; f(&s); o.SMTP = &s } }
	cases := []struct {
		change func(*Options)
		says   string
	}{
		{func(*Options) {}, ""},
		{mailing(func(*SMTP) {}), ""},
		{func(o *Options) { o.Now = nil }, "no clock"},
		{func(o *Options) { o.Timeout = -1 }, "below zero"},
		{func(o *Options) { o.UserAgent = "a\nb" }, "user agent"},
		{func(o *Options) { o.Hosts = []string{"https://x"} }, `host "https://x"`},
		{func(o *Options) { o.Hosts = []string{"*"} }, `host "*"`},
		{func(o *Options) { o.Hosts = []string{"*."} }, `host "*."`},
		{func(o *Options) { o.Files = "/is/not/there" }, "folder for files"},
		{func(o *Options) { o.Playbooks = map[string]Playbook{"p": {URL: "ftp://x"}} }, `playbook p: URL of scheme "ftp"`},
		{func(o *Options) {
			o.Playbooks = map[string]Playbook{"p": {URL: "http://x", Headers: map[string]string{"Host": "y"}}}
		}, "header Host"},
		{func(o *Options) { o.Playbooks = map[string]Playbook{"p": {URL: "http://x"}, "P": {URL: "http://x"}} }, "twice"},
		{mailing(func(s *SMTP) { s.Host = "" }), "mail server"},
		{mailing(func(s *SMTP) { s.Host = "unix:///run/x" }), "mail server"},
		{mailing(func(s *SMTP) { s.Security = 0 }), "security is unknown"},
		{mailing(func(s *SMTP) { s.Security = 9 }), "Security(9)"},
		{mailing(func(s *SMTP) { s.Port = 70000 }), "port 70000"},
		{mailing(func(s *SMTP) { s.From = "nobody" }), `sender "nobody"`},
		{mailing(func(s *SMTP) { s.From = `"a b"@c.d` }), "in the protocol"},
		{mailing(func(s *SMTP) { s.User = "u" }), "no password"},
		{mailing(func(s *SMTP) { s.User, s.Password, s.Security = "u", "p", NoTLS }), "open connection"},
		{mailing(func(s *SMTP) { s.Hello = "a\r\nQUIT" }), "introduce"},
	}
	for _, c := range cases {
		o := ok()
		c.change(&o)
		d, err := New(o)
		switch {
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("error %v, expected one with %q", err, c.says)
		case c.says == "" && err != nil:
			t.Error(err)
		case err == nil:
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestNothingConfigured(t *testing.T) {
	d := deliverer(t, nil)
	outcome(t, d.Deliver(t.Context(), message(t, incident.RunPlaybook, incident.Config{PlaybookID: "/x/Block"})), "permanent: no URL is configured for playbook /x/Block")
	outcome(t, d.Deliver(t.Context(), message(t, incident.SendEmail, incident.Config{To: []string{"a@b.c"}, Subject: "s"})), "permanent: no mail server is configured")
	outcome(t, d.Deliver(t.Context(), message(t, incident.WriteFile, incident.Config{Path: "a"})), "permanent: no folder is configured")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Deliver(ctx, message(t, incident.CallWebhook, incident.Config{URL: "http://127.0.0.1:1"})); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

func TestExpand(t *testing.T) {
	of := func(d incident.Due) *Message {
		m, err := Decode(messageOf(t, d).Data)
		if err != nil {
			t.Fatal(err)
		}
		return &m
	}
	act := incident.Action{Order: 1, Type: incident.WriteFile}
	onIncident := of(incident.Due{RuleName: "R", Action: act, Incident: someIncident(t), Event: incident.Updated})
	onAlert := of(incident.Due{RuleName: "R", Action: act, Alert: someAlert(t), Event: incident.Created})
	hostile := someIncident(t)
	hostile.Title = "{{RuleName}} {{Nope}}"
	cases := []struct {
		m       *Message
		text    string
		want    string
		unknown string
	}{
		{onIncident, "", "", ""}, {onIncident, "no {braces} here }}{{", "no {braces} here }}{{", ""},
		{onIncident, "{{IncidentNumber}}: {{ IncidentTitle }} ({{\tIncidentSeverity}})", "7: Sign-in from Mars (High)", ""},
		{onIncident, "{{IncidentLabels}}|{{IncidentOwner}}|{{IncidentTactics}}|{{IncidentAlertNames}}|{{IncidentAlertCount}}", "vip, mail|ann@example.com|Impact|Mars|2", ""},
		{onIncident, "{{CustomDetails.App}} {{CustomDetails.Nope}}", "Mail, Drive {{CustomDetails.Nope}}", "CustomDetails.Nope"},
		{onIncident, "{{incidenttitle}} {{Nope}} {{ Nope }} {{}}", "{{incidenttitle}} {{Nope}} {{ Nope }} {{}}", "incidenttitle Nope "},
		{onIncident, "{{AlertTitle}}", "{{AlertTitle}}", "AlertTitle"}, {onIncident, "{{Event}} {{RuleName}} {{EventTime}}", "Updated R 2026-03-01T12:00:00Z", ""},
		{onIncident, "{{{RuleName}}}", "{R}", ""}, {onIncident, "{{Entities}}", `[{"$id":"2","Name":"ann","Type":"account"}]`, ""},
		{onAlert, "{{AlertTitle}} {{AlertSeverity}} {{CustomDetails.App}} {{IncidentTitle}}", "Venus Low Mail {{IncidentTitle}}", "IncidentTitle"},
		{of(incident.Due{RuleName: "R", Action: act, Incident: hostile, Event: incident.Created}), "{{IncidentTitle}}", "{{RuleName}} {{Nope}}", ""},
	}
	for _, c := range cases {
		got, unknown := expand(c.text, c.m.value)
		if got != c.want || strings.Join(unknown, " ") != c.unknown {
			t.Errorf("%q gives %q with %q unknown, expected %q and %q", c.text, got, unknown, c.want, c.unknown)
		}
	}
	for _, p := range Placeholders() { // each stands for something where it is known, and does not panic where it is not
		for _, m := range []*Message{onIncident, onAlert} {
			known := p.On == "" || p.On == m.on()
			if _, ok := m.value(p.Name); ok != known || p.Doc == "" {
				t.Errorf("%s of %s: %t", p.Name, m.on(), ok)
			}
			if got := len(Unknown("{{"+p.Name+"}}", m.on())) == 0; got != known {
				t.Errorf("%s in a rule on %s: known is %t", p.Name, m.on(), got)
			}
		}
	}
	if got := Unknown("{{CustomDetails.X}} {{Nope}}", incident.OnAlerts); len(got) != 1 || got[0] != "Nope" {
		t.Errorf("unknown are %q", got)
	}
}
