package incident

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vedette-siem/vedette/internal/alert"
	"github.com/vedette-siem/vedette/internal/entity"
)

func automationRule(id string, order int, when string, conditions, actions string) Automation {
	a := Automation{ID: id, Name: "N " + id, Order: order, Trigger: Trigger{Enabled: true, On: OnIncidents, When: when}}
	if err := json.Unmarshal([]byte("["+conditions+"]"), &a.Trigger.Conditions); err != nil {
		panic(err)
	}
	if err := json.Unmarshal([]byte("["+actions+"]"), &a.Actions); err != nil {
		panic(err)
	}
	return a
}

func prop(name, operator string, values ...string) string {
	list, _ := json.Marshal(values)
	return fmt.Sprintf(`{"conditionType":"Property","conditionProperties":{"propertyName":%q,"operator":%q,"propertyValues":%s}}`, name, operator, list)
}

const hook = `{"order":1,"actionType":"CallWebhook","actionConfiguration":{"url":"https://h"}}`

func TestConditions(t *testing.T) {
	i := opened(t, Change{Title: p("Sign-in from Mars"), Severity: p(Medium), Status: p(New), Description: p(""), AddLabels: []string{"vip", "mail"}})
	i.Alerts = []Related{{ID: "a", RuleID: "d99cf5c3-d660-436c-895b-8a8f8448da23", Product: "Azure Sentinel", Tactics: []string{"Impact"},
		CustomDetails: []alert.Detail{{Key: "App", Values: []string{"Mail", "Drive"}}, {Key: "Score", Values: []string{"10"}}},
		Entities: []*entity.Entity{thing(entity.Account, "Name", "ann", "UPNSuffix", "contoso.com"),
			{Kind: entity.File, Fields: []entity.Field{{Name: "Name", Value: text("x.exe")}, {Name: "Host", Inner: []*entity.Entity{thing(entity.Host, "HostName", "web")}}}},
			thing(entity.AzureResource, "ResourceId", "/subscriptions/s-1/resourceGroups/rg")}}}
	before := i.clone()
	before.Severity, before.Owner, before.Labels, before.Alerts = Low, Owner{Email: "old@c.com"}, before.Labels[:1], nil
	update := Event{Kind: Updated, Before: before, After: i, By: Actor{Source: AlertGrouping}}
	create := Event{Kind: Created, After: i}
	detail := func(items string) string {
		return `{"conditionType":"PropertyArray","conditionProperties":{"arrayType":"CustomDetails","arrayConditionType":"AnyItem","itemConditions":[` + items + `]}}`
	}
	values := func(items string) string {
		return `{"conditionType":"PropertyArray","conditionProperties":{"arrayType":"CustomDetailValues","arrayConditionType":"AnyItem","itemConditions":[` + items + `]}}`
	}
	changed := func(name, change, operator, value string) string {
		if change == "" {
			return fmt.Sprintf(`{"conditionType":"PropertyChanged","conditionProperties":{"propertyName":%q}}`, name)
		}
		return fmt.Sprintf(`{"conditionType":"PropertyChanged","conditionProperties":{"propertyName":%q,"changeType":%q,"operator":%q,"propertyValues":[%q]}}`, name, change, operator, value)
	}
	added := func(array string) string {
		return fmt.Sprintf(`{"conditionType":"PropertyArrayChanged","conditionProperties":{"arrayType":%q,"changeType":"Added"}}`, array)
	}
	boolean := func(op string, inner ...string) string {
		return fmt.Sprintf(`{"conditionType":"Boolean","conditionProperties":{"operator":%q,"innerConditions":[%s]}}`, op, strings.Join(inner, ","))
	}
	yes, no := prop("IncidentStatus", "Equals", "New"), prop("IncidentStatus", "Equals", "Closed")
	cases := []struct {
		conditions string
		want       bool
		update     bool // the rule is for updates
	}{
		{"", true, false}, {yes, true, false}, {no, false, false}, {yes + "," + no, false, false},
		{prop("IncidentTitle", "Equals", "sign-in FROM mars"), true, false}, {prop("IncidentTitle", "Equals", "x", "Sign-in"), false, false},
		{prop("IncidentTitle", "Contains", "x", "mars"), true, false}, {prop("IncidentTitle", "NotContains", "x", "mars"), false, false}, {prop("IncidentTitle", "NotContains", "x", "y"), true, false},
		{prop("IncidentTitle", "StartsWith", "sign"), true, false}, {prop("IncidentTitle", "NotStartsWith", "from"), true, false},
		{prop("IncidentTitle", "EndsWith", "Mars"), true, false}, {prop("IncidentTitle", "NotEndsWith", "mars"), false, false},
		{prop("IncidentDescription", "Equals", ""), true, false}, {prop("IncidentSeverity", "NotEquals", "High", "Low"), true, false},
		{prop("IncidentLabel", "Equals", "MAIL"), true, false}, {prop("IncidentLabel", "NotEquals", "mail"), false, false}, {prop("IncidentLabel", "NotContains", "x"), true, false},
		{prop("IncidentTactics", "Contains", "Impact"), true, false}, {prop("IncidentProviderName", "Equals", "Azure Sentinel"), true, false},
		{prop("IncidentRelatedAnalyticRuleIds", "Contains", "/subscriptions/s/resourceGroups/g/providers/Microsoft.SecurityInsights/alertRules/D99CF5C3-d660-436c-895b-8a8f8448da23"), true, false},
		{prop("IncidentRelatedAnalyticRuleIds", "NotContains", "d99cf5c3-d660-436c-895b-8a8f8448da23"), false, false},
		{prop("AlertProductNames", "Contains", "Sentinel"), true, false},
		{prop("AccountName", "Equals", "ANN"), true, false}, {prop("AccountUPNSuffix", "Equals", "fabrikam.com"), false, false}, {prop("AccountSid", "NotEquals", "x"), true, false},
		{prop("HostName", "Equals", "web"), true, false}, {prop("AzureResourceSubscriptionId", "Equals", "S-1"), true, false}, {prop("IPAddress", "Contains", ""), false, false},
		{prop("IncidentCustomDetailsKey", "Equals", "app"), true, false},
		{detail(prop("IncidentCustomDetailsKey", "Equals", "App") + "," + prop("IncidentCustomDetailsValue", "Equals", "drive")), true, false},
		{detail(prop("IncidentCustomDetailsKey", "Equals", "App") + "," + prop("IncidentCustomDetailsValue", "Equals", "10")), false, false},
		{detail(prop("IncidentCustomDetailsKey", "Equals", "App") + "," + values(prop("IncidentCustomDetailsValue", "StartsWith", "M")+","+prop("IncidentCustomDetailsValue", "EndsWith", "l"))), true, false},
		{detail(prop("IncidentCustomDetailsKey", "Equals", "App") + "," + values(prop("IncidentCustomDetailsValue", "StartsWith", "M")+","+prop("IncidentCustomDetailsValue", "EndsWith", "e"))), false, false},
		{boolean("Or", no, yes), true, false}, {boolean("Or", no, no), false, false}, {boolean("And", yes, boolean("Or", no, yes)), true, false}, {boolean("And", yes, no), false, false},
		{changed("IncidentSeverity", "", "", ""), true, true}, {changed("IncidentStatus", "", "", ""), false, true},
		{changed("IncidentSeverity", "ChangedFrom", "Equals", "Low"), true, true}, {changed("IncidentSeverity", "ChangedTo", "Equals", "Low"), false, true},
		{changed("IncidentSeverity", "ChangedTo", "NotEquals", "High"), true, true}, {changed("IncidentStatus", "ChangedTo", "Equals", "New"), false, true},
		{changed("IncidentOwner", "ChangedFrom", "Equals", "OLD@c.com"), true, true}, {changed("IncidentOwner", "ChangedTo", "Contains", "@"), false, true},
		{added("Alerts"), true, true}, {added("Labels"), true, true}, {added("Tactics"), true, true}, {added("Comments"), false, true},
		{prop("IncidentUpdatedBySource", "Equals", "Alert grouping"), true, true}, {prop("IncidentUpdatedBySource", "NotEquals", "User"), true, true},
	}
	for _, c := range cases {
		e, when := create, WhenCreated
		if c.update {
			e, when = update, WhenUpdated
		}
		r := automationRule("r", 1, when, c.conditions, hook)
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", c.conditions, err)
			continue
		}
		out, err := Automate(e, []Automation{r}, day)
		if err != nil {
			t.Fatal(err)
		}
		if (len(out.Due) == 1) != c.want {
			t.Errorf("%s: %d actions, expected the condition to be %t", c.conditions, len(out.Due), c.want)
		}
	}
}

func TestAutomate(t *testing.T) {
	act := func(order int, kind, config string) string {
		return fmt.Sprintf(`{"order":%d,"actionType":%q,"actionConfiguration":%s}`, order, kind, config)
	}
	low := act(1, ModifyProperties, `{"severity":"Low","labels":[{"labelName":"noise"}]}`)
	closing := act(1, ModifyProperties, `{"status":"Closed","classification":"BenignPositive","classificationReason":"SuspiciousButExpected"}`)
	isMedium, isLow := prop("IncidentSeverity", "Equals", "Medium"), prop("IncidentSeverity", "Equals", "Low")
	expired := automationRule("x", 1, WhenCreated, "", hook)
	expired.Trigger.Expires = p(day)
	off := automationRule("off", 1, WhenCreated, "", hook)
	off.Trigger.Enabled = false
	onAlerts := automationRule("al", 1, WhenCreated, "", hook)
	onAlerts.Trigger.On = OnAlerts
	cases := []struct {
		name  string
		rules []Automation
		ran   string
		due   string
		left  string // severity, status, labels, tasks
	}{
		{"none", nil, "", "", "Medium New 0 0"},
		{"not for this", []Automation{expired, off, onAlerts, automationRule("u", 1, WhenUpdated, "", hook)}, "", "", "Medium New 0 0"},
		{"order, then id", []Automation{automationRule("c", 2, WhenCreated, "", hook), automationRule("b", 1, WhenCreated, "", hook), automationRule("a", 2, WhenCreated, "", hook)},
			"b a c", "b:1 a:1 c:1", "Medium New 0 0"},
		{"later rules see what earlier ones did", []Automation{automationRule("a", 1, WhenCreated, isMedium, low), automationRule("b", 2, WhenCreated, isMedium, hook), automationRule("c", 3, WhenCreated, isLow, hook)},
			"a c", "c:1", "Low New 1 0"},
		{"actions by their order", []Automation{automationRule("a", 1, WhenCreated, "", act(3, CallWebhook, `{"url":"u"}`)+","+act(1, SendEmail, `{"to":["x"],"subject":"s"}`)+","+act(2, AddIncidentTask, `{"title":"Call"}`))},
			"a", "a:1 a:3", "Medium New 0 1"},
		{"rules on updates run after those on creation", []Automation{automationRule("u", 1, WhenUpdated, "", hook), automationRule("a", 5, WhenCreated, "", low), automationRule("b", 6, WhenCreated, "", hook)},
			"a b u", "b:1 u:1", "Low New 1 0"},
		{"what changes nothing is no update", []Automation{automationRule("u", 1, WhenUpdated, "", hook), automationRule("a", 5, WhenCreated, "", act(1, ModifyProperties, `{"severity":"Medium"}`))}, "a", "", "Medium New 0 0"},
		{"no rule twice", []Automation{automationRule("a", 1, WhenCreated, "", low), automationRule("u", 1, WhenUpdated, "", closing), automationRule("v", 2, WhenUpdated, "", act(1, ModifyProperties, `{"status":"Active"}`))},
			"a u v", "", "Low Active 1 0"},
		{"a fault holds nothing up", []Automation{automationRule("a", 1, WhenCreated, "", act(1, ModifyProperties, `{"status":"Closed"}`)+","+act(2, CallWebhook, `{"url":"u"}`)), automationRule("b", 2, WhenCreated, "", hook)},
			"a b", "a:2 b:1", "Medium New 0 0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := opened(t, Change{})
			e := Event{Kind: Created, After: i, At: day}
			out, err := Automate(e, c.rules, day)
			if err != nil {
				t.Fatal(err)
			}
			var due []string
			for _, d := range out.Due {
				due = append(due, fmt.Sprintf("%s:%d", d.RuleID, d.Action.Order))
			}
			n := out.Incident
			left := fmt.Sprint(n.Severity, " ", n.Status, " ", len(n.Labels), " ", len(n.Tasks))
			if ran := strings.Join(out.Ran, " "); ran != c.ran || strings.Join(due, " ") != c.due || left != c.left {
				t.Errorf("ran %q, due %q, left %q; expected %q, %q, %q", ran, due, left, c.ran, c.due, c.left)
			}
			if want := strings.HasPrefix(c.name, "a fault"); (len(out.Faults) == 1) != want || want && !errors.Is(out.Faults[0].Err, ErrInvalid) {
				t.Errorf("faults %v", out.Faults)
			}
			last := i
			for _, e := range out.Events { // each follows the one before
				if e.Before != last || e.By.Source != AutomationRule {
					t.Errorf("event %+v", e)
				}
				last = e.After
			}
			again, _ := Automate(e, c.rules, day)
			if last != n || !reflect.DeepEqual(again, out) {
				t.Error("the outcome is not that of its events, or another the second time")
			}
		})
	}
	if _, err := Automate(Event{Kind: Updated, After: &Incident{Partial: true}}, nil, day); !errors.Is(err, ErrPartial) {
		t.Errorf("a partial incident: %v", err)
	}
}

func TestAutomateAlert(t *testing.T) {
	rule := func(id, conditions string) Automation {
		r := automationRule(id, 1, WhenCreated, conditions, hook)
		r.Trigger.On = OnAlerts
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		return r
	}
	a := alert.Alert{ID: "a", RuleID: "R1"}
	due := AutomateAlert(&a, []Automation{rule("z", ""), rule("y", prop("AlertAnalyticRuleIds", "Contains", "/x/r1")), rule("x", prop("AlertAnalyticRuleIds", "Contains", "r2")),
		rule("w", prop("AlertProductNames", "Equals", "azure sentinel")), automationRule("v", 1, WhenCreated, "", hook)}, day)
	var got []string
	for _, d := range due {
		got = append(got, d.RuleID)
	}
	if !reflect.DeepEqual(got, []string{"w", "y", "z"}) {
		t.Errorf("rules %v ran", got)
	}
}

func TestAutomationCheck(t *testing.T) {
	ok := automationRule("a", 1, WhenCreated, "", hook)
	with := func(f func(*Automation)) Automation { a := ok; f(&a); return a }
	condition := func(when, c string) Automation { return automationRule("a", 1, when, c, hook) }
	action := func(a string) Automation { return automationRule("a", 1, WhenCreated, "", a) }
	deep := prop("IncidentTitle", "Equals", "x")
	for range maxConditionDepth + 1 {
		deep = `{"conditionType":"Boolean","conditionProperties":{"operator":"And","innerConditions":[` + deep + `]}}`
	}
	cases := []struct {
		a    Automation
		err  error
		says string
	}{
		{ok, nil, ""},
		{with(func(a *Automation) { a.Name = "" }), ErrInvalid, "displayName is missing"},
		{with(func(a *Automation) { a.Order = 0 }), ErrInvalid, "order 0"},
		{with(func(a *Automation) { a.Trigger.On = "Things" }), ErrInvalid, `triggersOn "Things"`},
		{with(func(a *Automation) { a.Trigger.When = "" }), ErrInvalid, `triggersWhen ""`},
		{with(func(a *Automation) { a.Trigger.On, a.Trigger.When = OnAlerts, WhenUpdated }), ErrInvalid, "rules on alerts"},
		{with(func(a *Automation) { a.Actions = nil }), ErrInvalid, "actions is empty"},
		{with(func(a *Automation) { a.Actions = slices.Repeat(a.Actions, MaxActions+1) }), ErrLimit, "21 actions"},
		{condition(WhenCreated, strings.Repeat(prop("IncidentTitle", "Equals", "x")+",", MaxConditions)+prop("IncidentTitle", "Equals", "x")), ErrLimit, "51 conditions"},
		{condition(WhenCreated, deep), ErrLimit, "deeper than"},
		{condition(WhenCreated, prop("IncidentMood", "Equals", "x")), ErrInvalid, `conditions[0]: propertyName "IncidentMood"`},
		{condition(WhenCreated, prop("IncidentTitle", "Like", "x")), ErrInvalid, `operator "Like"`},
		{condition(WhenCreated, prop("IncidentTitle", "Equals")), ErrInvalid, "propertyValues is empty"},
		{condition(WhenCreated, prop("IncidentUpdatedBySource", "Equals", "User")), ErrInvalid, "when incidents are Updated only"},
		{condition(WhenCreated, prop("AlertAnalyticRuleIds", "Equals", "User")), ErrInvalid, "rules on alerts only"},
		{condition(WhenCreated, `{"conditionType":"PropertyChanged","conditionProperties":{"propertyName":"IncidentStatus"}}`), ErrInvalid, "for incidents that are Updated"},
		{condition(WhenUpdated, `{"conditionType":"PropertyChanged","conditionProperties":{"propertyName":"IncidentTitle"}}`), ErrInvalid, "expected IncidentSeverity"},
		{condition(WhenUpdated, `{"conditionType":"PropertyChanged","conditionProperties":{"propertyName":"IncidentStatus","operator":"Equals","propertyValues":["New"]}}`), ErrInvalid, "changeType"},
		{condition(WhenUpdated, `{"conditionType":"PropertyArrayChanged","conditionProperties":{"arrayType":"Labels","changeType":"Removed"}}`), ErrInvalid, `changeType "Removed"`},
		{condition(WhenCreated, `{"conditionType":"PropertyArray","conditionProperties":{"arrayType":"CustomDetailValues","arrayConditionType":"AllItems"}}`), ErrInvalid, `arrayConditionType "AllItems"`},
		{condition(WhenCreated, `{"conditionType":"PropertyArray","conditionProperties":{"arrayType":"CustomDetails","arrayConditionType":"AnyItem"}}`), ErrInvalid, "itemConditions is empty"},
		{condition(WhenCreated, `{"conditionType":"Boolean","conditionProperties":{"operator":"Xor"}}`), ErrInvalid, `operator "Xor"`},
		{condition(WhenCreated, `{"conditionType":"Magic"}`), ErrInvalid, `conditionType "Magic"`},
		{action(`{"actionType":"Explode"}`), ErrInvalid, `actions[0]: invalid: actionType "Explode"`},
		{action(`{"actionType":"ModifyProperties","actionConfiguration":{}}`), ErrInvalid, "changes nothing"},
		{action(`{"actionType":"ModifyProperties","actionConfiguration":{"status":"Closed"}}`), ErrInvalid, "demands a classification"},
		{action(`{"actionType":"ModifyProperties","actionConfiguration":{"classification":"TruePositive"}}`), ErrInvalid, "goes with the status Closed"},
		{action(`{"actionType":"AddIncidentTask","actionConfiguration":{}}`), ErrInvalid, "needs title"},
		{action(`{"actionType":"RunPlaybook","actionConfiguration":{}}`), ErrInvalid, "needs logicAppResourceId"},
		{action(`{"actionType":"CallWebhook","actionConfiguration":{}}`), ErrInvalid, "needs url"},
		{action(`{"actionType":"SendEmail","actionConfiguration":{"to":["x"]}}`), ErrInvalid, "needs subject"},
		{action(`{"actionType":"WriteFile","actionConfiguration":{}}`), ErrInvalid, "needs path"},
		{with(func(a *Automation) {
			a.Trigger.On, a.Actions = OnAlerts, []Action{{Type: ModifyProperties, Config: Config{Severity: Low}}}
		}), ErrInvalid, "the rule runs on alerts"},
	}
	for _, c := range cases {
		err := c.a.Check()
		if c.err == nil && err == nil {
			continue
		}
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v, expected %v with %q", err, c.err, c.says)
		}
	}
	for _, name := range ConditionProperties() {
		a := condition(WhenUpdated, prop(name, "Equals", "x"))
		if name == "AlertAnalyticRuleIds" {
			a = condition(WhenCreated, prop(name, "Equals", "x"))
			a.Trigger.On = OnAlerts
		}
		if err := a.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAutomationJSON(t *testing.T) {
	text := `{"displayName":"N","order":3,"triggeringLogic":{"isEnabled":true,"expirationTimeUtc":"2026-03-02T00:00:00Z","triggersOn":"Incidents","triggersWhen":"Created","conditions":[` +
		prop("IncidentTitle", "Contains", "x") + `]},"actions":[{"order":1,"actionType":"ModifyProperties","actionConfiguration":{"severity":"High","owner":{"objectId":"1"},"labels":[{"labelName":"x","labelType":"User"}]}}]}`
	var a Automation
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	if back, err := json.Marshal(a); err != nil || string(back) != text {
		t.Errorf("%s\nexpected\n%s (%v)", back, text, err)
	}
	if !a.Trigger.Expires.Equal(day) || a.Actions[0].Config.Owner.ObjectID != "1" {
		t.Errorf("read %+v", a)
	}
	if a.triggered(OnIncidents, Created, day) || !a.triggered(OnIncidents, Created, day.Add(-time.Second)) {
		t.Error("the rule expires at another time")
	}
}
