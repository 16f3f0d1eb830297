package rule

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/source"
)

// Loaded is a rule of a file that may hold several, and the faults found in it. The rule is nil where the faults concern
// the file, or what should have been a rule.
type Loaded struct {
	Rule   *Rule
	Faults []source.Diagnostic
}

// IsTemplate tells whether a text looks like a deployment template or an exported resource, so that LoadTemplate is to
// read it. JSON of other sorts is not ours to complain about.
func IsTemplate(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, "\ufeff \t\r\n"), "{") && typeMark(text)
}

func typeMark(text string) bool {
	low := strings.ToLower(text)
	return strings.Contains(low, "/alertrules") || strings.Contains(low, "/alertruletemplates")
}

// LoadTemplate reads the analytics rules of an Azure deployment template: its resources of type alertRules or
// AlertRuleTemplates, also those in nested deployments and in the content templates of solutions; or of one resource as
// the REST API exports it. Of the template language it evaluates what such templates use to name rules.
// https://learn.microsoft.com/azure/sentinel/import-export-analytics-rules
func LoadTemplate(file *source.File) []Loaded {
	root, text, fault := readJSON(file.Text)
	top := &template{file: file, text: text, work: &work{}}
	if fault != nil {
		top.diags.notJSON(source.Span{Start: fault.at, End: fault.at}, fault.msg)
		return []Loaded{{nil, top.diags.list}}
	}
	if root.Kind != yaml.MappingNode {
		top.diags.notTemplate(text.span(root), "expected a deployment template, found "+kindName(root))
		return []Loaded{{nil, top.diags.list}}
	}
	if resourceKind(get(root, "type")) != notRule {
		top.read(root)
	} else {
		top.enter(root, 0)
	}
	if len(top.out) == 0 && len(top.diags.list) == 0 {
		top.diags.notTemplate(text.span(root), "the template has no analytics rule")
	}
	if len(top.diags.list) > 0 {
		top.out = append([]Loaded{{nil, top.diags.list}}, top.out...)
	}
	return top.out
}

// maxTemplates is how deep deployments may nest.
const maxTemplates = 8

// template is one template, or one nested in another, whose parameters and variables are its own.
type template struct {
	file       *source.File
	text       *yamlText
	diags      diags
	parameters *yaml.Node
	variables  *yaml.Node
	open       []string // variables being evaluated
	work       *work
	// outer is the template in whose scope the expressions of this one are evaluated, for it stands in that one as a value;
	// those that are to be its own are escaped by a second bracket.
	// https://learn.microsoft.com/azure/azure-resource-manager/templates/linked-templates#expression-evaluation-scope-in-nested-templates
	outer *template
	out   []Loaded
}

// work is what evaluating the expressions of a file has come to.
type work struct {
	calls int
	unset string // a parameter without a value that was asked for
}

// enter reads the resources of a template.
func (t *template) enter(root *yaml.Node, depth int) {
	if depth > maxTemplates {
		t.diags.notTemplate(t.text.span(root), fmt.Sprintf("templates nest deeper than %d", maxTemplates))
		return
	}
	t.parameters, t.variables = get(root, "parameters"), get(root, "variables")
	t.resources(get(root, "resources"), depth)
}

func (t *template) resources(list *yaml.Node, depth int) {
	if list == nil {
		return
	}
	for _, r := range list.Content { // of a list, or of the object that newer templates have
		if r.Kind != yaml.MappingNode {
			continue
		}
		if resourceKind(get(r, "type")) != notRule {
			t.read(r)
			continue
		}
		props := get(r, "properties")
		for _, key := range []string{"template", "mainTemplate"} {
			if inner := get(props, key); inner != nil && inner.Kind == yaml.MappingNode {
				n := &template{file: t.file, text: t.text, work: t.work, outer: t}
				if scope := get(get(props, "expressionEvaluationOptions"), "scope"); scope != nil && strings.EqualFold(scope.Value, "inner") {
					n.outer = nil
				}
				n.enter(inner, depth+1)
				t.out = append(t.out, n.out...)
				t.diags.list = append(t.diags.list, n.diags.list...)
			}
		}
		t.resources(get(r, "resources"), depth+1)
	}
}

// ruleKind is what a resource is to us.
type ruleKind uint8

const (
	notRule ruleKind = iota
	isRule
	isRuleTemplate
)

// resourceKind tells by its type whether a resource is a rule.
func resourceKind(n *yaml.Node) ruleKind {
	if n == nil || n.Kind != yaml.ScalarNode {
		return notRule
	}
	low := strings.ToLower(n.Value)
	switch {
	case strings.HasSuffix(low, "/providers/alertrules"), strings.HasSuffix(low, "microsoft.securityinsights/alertrules"):
		return isRule
	case strings.HasSuffix(low, "/alertruletemplates"):
		return isRuleTemplate
	}
	return notRule
}

// read reads one rule.
func (t *template) read(r *yaml.Node) {
	l := newLoader(t.file, templateForm, t.text)
	fail := func() { t.out = append(t.out, Loaded{nil, l.diags.list}) }
	name, props := get(r, "name"), get(r, "properties")
	if name == nil || props == nil || props.Kind != yaml.MappingNode {
		l.notTemplate(t.text.span(r), "a rule needs a name and properties")
		fail()
		return
	}
	id, err := t.eval(name)
	if err != nil {
		l.badExpression(t.text.span(name), name.Value, err.Error())
		fail()
		return
	}
	if id = id[strings.LastIndexByte(id, '/')+1:]; strings.Contains(id, "<") {
		l.badExpression(t.text.span(name), name.Value, "the rule's id depends on a parameter that has no default")
		fail()
		return
	}
	var kind Kind
	if k := get(r, "kind"); k != nil {
		var ok bool
		if kind, ok = ParseKind(k.Value); !ok {
			l.unknownKind(t.text.span(k), k.Value)
			fail()
			return
		}
	} else {
		l.missingField(t.text.span(r), "kind", "a rule")
		fail()
		return
	}
	good := true
	l.root = t.evaluated(props, func(n *yaml.Node, err error) {
		good = false
		l.badExpression(t.text.span(n), n.Value, err.Error())
	})
	if !good {
		fail()
		return
	}
	rule, list := l.resource(id, kind)
	if resourceKind(get(r, "type")) == isRuleTemplate {
		rule.Enabled = true // that a template is not enabled only says that a rule is not yet made of it
	}
	t.out = append(t.out, Loaded{rule, list})
}

// evaluated returns a copy of n with its expressions evaluated. A string that is one loses its inner places.
func (t *template) evaluated(n *yaml.Node, fault func(*yaml.Node, error)) *yaml.Node {
	if n.Kind == yaml.ScalarNode {
		if n.Tag != "!!str" || !strings.HasPrefix(n.Value, "[") {
			return n
		}
		t.work.unset = ""
		s, err := t.eval(n)
		if err == nil && t.work.unset != "" {
			err = fmt.Errorf("the parameter '%s' has no default", t.work.unset)
		}
		if err != nil {
			fault(n, err)
			return n
		}
		if s == n.Value {
			return n
		}
		c := *n
		c.Value = s
		t.text.json[&c] = t.text.json[n]
		return &c
	}
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for i, x := range n.Content {
		if c.Content[i] = x; n.Kind != yaml.MappingNode || i%2 == 1 {
			c.Content[i] = t.evaluated(x, fault)
		}
	}
	t.text.json[&c] = t.text.json[n]
	return &c
}

// get returns a member of an object, whatever the case of its name; nil where there is none.
func get(n *yaml.Node, name string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if strings.EqualFold(n.Content[i].Value, name) {
			return n.Content[i+1]
		}
	}
	return nil
}

// eval returns the text of a node that may hold an expression: [ … ]. [[ stands for [ at the beginning.
// https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions
func (t *template) eval(n *yaml.Node) (string, error) {
	v, err := t.text0(n)
	if err != nil {
		return "", err
	}
	if v.node != nil {
		if v.node.Kind != yaml.ScalarNode {
			return "", fmt.Errorf("the result is %s, not text", kindName(v.node))
		}
		return v.node.Value, nil
	}
	return v.text, nil
}

// result is the value of an expression: a text, or a node of the template.
type result struct {
	text string
	node *yaml.Node
}

func (t *template) text0(n *yaml.Node) (result, error) {
	if n.Kind != yaml.ScalarNode {
		return result{node: n}, nil
	}
	s, in := n.Value, t
	switch {
	case !strings.HasPrefix(s, "["), !strings.HasSuffix(s, "]") && !strings.HasPrefix(s, "[["):
		return result{text: s}, nil
	case strings.HasPrefix(s, "[["):
		if s = s[1:]; t.outer == nil || !strings.HasSuffix(s, "]") {
			return result{text: s}, nil
		}
	case t.outer != nil:
		in = t.outer
	}
	e := &expression{t: in, s: s[1 : len(s)-1]}
	v, err := e.value(0)
	if err != nil {
		return result{}, err
	}
	if e.blanks(); e.i < len(e.s) {
		return result{}, fmt.Errorf("unexpected '%s'", e.s[e.i:])
	}
	return v, nil
}

// expression is one being evaluated.
type expression struct {
	t *template
	s string
	i int
}

func (e *expression) blanks() {
	for e.i < len(e.s) && (e.s[e.i] == ' ' || e.s[e.i] == '\t' || e.s[e.i] == '\n' || e.s[e.i] == '\r') {
		e.i++
	}
}

func (e *expression) eat(c byte) bool {
	if e.blanks(); e.i < len(e.s) && e.s[e.i] == c {
		e.i++
		return true
	}
	return false
}

// maxCalls is how deep calls may nest; maxText is how long a text they may make.
const (
	maxCalls = 20
	maxText  = 1 << 20
)

func (e *expression) value(depth int) (result, error) {
	if depth > maxCalls {
		return result{}, fmt.Errorf("calls nest deeper than %d", maxCalls)
	}
	e.blanks()
	start := e.i
	if e.eat('\'') {
		var b strings.Builder
		for e.i < len(e.s) {
			if e.s[e.i] == '\'' {
				if e.i++; !strings.HasPrefix(e.s[e.i:], "'") {
					return result{text: b.String()}, nil
				}
			}
			b.WriteByte(e.s[e.i])
			e.i++
		}
		return result{}, fmt.Errorf("a text is not closed")
	}
	for e.i < len(e.s) && (e.s[e.i] >= 'a' && e.s[e.i] <= 'z' || e.s[e.i] >= 'A' && e.s[e.i] <= 'Z' || e.s[e.i] >= '0' && e.s[e.i] <= '9' || e.s[e.i] == '_') {
		e.i++
	}
	name := e.s[start:e.i]
	if name == "" {
		return result{}, fmt.Errorf("expected a text or a function")
	}
	if _, err := strconv.Atoi(name); err == nil {
		return result{text: name}, nil
	}
	if !e.eat('(') {
		return result{}, fmt.Errorf("expected ( after %s", name)
	}
	var args []result
	for !e.eat(')') {
		if len(args) > 0 && !e.eat(',') {
			return result{}, fmt.Errorf("expected , or ) in the arguments of %s", name)
		}
		v, err := e.value(depth + 1)
		if err != nil {
			return result{}, err
		}
		args = append(args, v)
	}
	v, err := e.t.call(name, args)
	if err != nil {
		return result{}, err
	}
	return e.members(v, depth)
}

// members reads .name and ['name'] behind a value.
func (e *expression) members(v result, depth int) (result, error) {
	for {
		var key string
		switch {
		case e.eat('.'):
			start := e.i
			for e.i < len(e.s) && strings.IndexByte(".[](), '", e.s[e.i]) < 0 {
				e.i++
			}
			key = e.s[start:e.i]
		case e.eat('['):
			k, err := e.value(depth + 1)
			if err != nil {
				return v, err
			}
			if key = k.text; !e.eat(']') {
				return v, fmt.Errorf("expected ]")
			}
		default:
			return v, nil
		}
		n := get(v.node, key)
		if v.node != nil && v.node.Kind == yaml.SequenceNode {
			if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(v.node.Content) {
				n = v.node.Content[i]
			}
		}
		if n == nil {
			return v, fmt.Errorf("there is no member '%s'", key)
		}
		var err error
		if v, err = e.t.text0(n); err != nil {
			return v, err
		}
	}
}

// call is the table of functions.
// https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions
func (t *template) call(name string, args []result) (result, error) {
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = a.text
		if a.node != nil {
			if a.node.Kind != yaml.ScalarNode {
				return result{}, fmt.Errorf("%s of %s", name, kindName(a.node))
			}
			texts[i] = a.node.Value
		}
	}
	size := 0
	for _, s := range texts {
		size += len(s)
	}
	if t.work.calls++; t.work.calls > maxValues || size > maxText {
		return result{}, fmt.Errorf("the template's expressions make too much")
	}
	want := func(least, most int) error {
		if len(args) < least || len(args) > most {
			return fmt.Errorf("%s has %d arguments", name, len(args))
		}
		return nil
	}
	switch strings.ToLower(name) {
	case "concat":
		return result{text: strings.Join(texts, "")}, nil
	case "resourceid", "subscriptionresourceid", "extensionresourceid":
		// the last segment is the name of the resource, and only that counts here
		return result{text: "/" + strings.Join(texts, "/")}, nil
	case "tolower":
		return result{text: strings.ToLower(strings.Join(texts, ""))}, want(1, 1)
	case "toupper":
		return result{text: strings.ToUpper(strings.Join(texts, ""))}, want(1, 1)
	case "string":
		return result{text: strings.Join(texts, "")}, want(1, 1)
	case "parameters":
		if err := want(1, 1); err != nil {
			return result{}, err
		}
		p := get(t.parameters, texts[0])
		if p == nil {
			return result{}, fmt.Errorf("there is no parameter '%s'", texts[0])
		}
		return t.named("parameter '"+texts[0]+"'", get(p, "defaultValue"), texts[0])
	case "variables":
		if err := want(1, 1); err != nil {
			return result{}, err
		}
		v := get(t.variables, texts[0])
		if v == nil {
			return result{}, fmt.Errorf("there is no variable '%s'", texts[0])
		}
		return t.named("variable '"+texts[0]+"'", v, "")
	}
	return result{}, fmt.Errorf("the function %s is not evaluated here", name)
}

// named evaluates a parameter's default or a variable. A parameter that has none, such as the workspace, stands for itself:
// its value does not matter but where it is all of a name.
func (t *template) named(what string, n *yaml.Node, instead string) (result, error) {
	if n == nil {
		t.work.unset = instead
		return result{text: "<" + instead + ">"}, nil
	}
	for _, o := range t.open {
		if o == what {
			return result{}, fmt.Errorf("the %s refers to itself", what)
		}
	}
	if len(t.open) > maxCalls {
		return result{}, fmt.Errorf("variables refer to each other deeper than %d", maxCalls)
	}
	t.open = append(t.open, what)
	defer func() { t.open = t.open[:len(t.open)-1] }()
	return t.text0(n)
}
