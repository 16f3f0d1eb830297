package dcr

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/ingest"
	"github.com/vedette-siem/vedette/internal/source"
	"github.com/vedette-siem/vedette/internal/types"
)

// Load reads a rule file and makes it ready over the tables of a catalogue. The rule is nil where the diagnostics hold
// an error. The columns of the tables are those of the moment: after a table has changed, rules are loaded again.
//
// The file is a data collection rule as Azure's REST API and templates write it, in JSON or YAML; what stands under
// properties may stand at the top. Beside that: immutableId may be missing, then it follows from the name; destinations
// may be missing, there is but one; a data flow may say table instead of outputStream.
func Load(file *source.File, cat *catalog.Catalog) (*Rule, source.Diagnostics) {
	l := &loader{text: newText(file), cat: cat, diags: source.Diagnostics{File: file}, declared: map[string]*catalog.Table{}}
	l.load()
	l.diags.Sort()
	if l.diags.HasErrors() {
		return nil, l.diags
	}
	return l.rule, l.diags
}

type loader struct {
	*text
	cat      *catalog.Catalog
	diags    source.Diagnostics
	rule     *Rule
	declared map[string]*catalog.Table // stream → what it declares
	dests    map[string]bool           // destinations that are a workspace
	flows    []*yaml.Node
}

func (l *loader) fault(n *yaml.Node, code, format string, args ...any) {
	l.diags.Add(source.Diagnostic{Code: code, Severity: source.Error, Span: l.span(n), Msg: fmt.Sprintf(format, args...)})
}

// The codes of the faults of a rule file. VD020 and up are those of transformations, in transform.go.
const (
	notReadable = "VD001" // no YAML or JSON, or no mapping
	unknownKey  = "VD002"
	wrongKind   = "VD003" // a value of another kind than expected
	missingKey  = "VD004"
	repeated    = "VD005"
	badID       = "VD006"
	unsupported = "VD007" // what Azure's agents do, and other destinations
	badStream   = "VD008"
	badColumn   = "VD009"
	noTable     = "VD010"
	notFitting  = "VD011" // the result and the table's columns
)

type member struct {
	name       string
	key, value *yaml.Node
}

// members returns the members of a mapping. Each name is one of known; of the others in passed nothing is read.
func (l *loader) members(n *yaml.Node, what string, known []string, passed ...string) []member {
	if n.Kind != yaml.MappingNode {
		l.fault(n, wrongKind, "%s: expected a mapping", what)
		return nil
	}
	var out []member
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		m := member{n.Content[i].Value, n.Content[i], follow(n.Content[i+1])}
		if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, m.name) }); i >= 0 {
			m.name = known[i]
		} else if slices.Contains(passed, m.name) {
			continue
		} else if known != nil {
			msg := fmt.Sprintf("%s has no %q", what, m.name)
			if near := catalog.Near(m.name, known); len(near) > 0 {
				msg += "; did you mean " + strings.Join(near, ", ") + "?"
			}
			l.fault(m.key, unknownKey, "%s", msg)
			continue
		}
		if seen[m.name] {
			l.fault(m.key, repeated, "%s has %q twice", what, m.name)
			continue
		}
		seen[m.name] = true
		if m.value.Tag != "!!null" {
			out = append(out, m)
		}
	}
	return out
}

func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

func (l *loader) str(m member) string {
	if m.value.Kind != yaml.ScalarNode {
		l.fault(m.value, wrongKind, "%s: expected text", m.name)
		return ""
	}
	return strings.TrimSpace(m.value.Value)
}

func (l *loader) list(m member) []*yaml.Node {
	if m.value.Kind != yaml.SequenceNode {
		l.fault(m.value, wrongKind, "%s: expected a list", m.name)
		return nil
	}
	out := make([]*yaml.Node, len(m.value.Content))
	for i, n := range m.value.Content {
		out[i] = follow(n)
	}
	return out
}

// ruleKeys are the members of a rule that are read, armKeys those of the resource around it that say nothing here.
// https://learn.microsoft.com/azure/templates/microsoft.insights/datacollectionrules
var (
	ruleKeys = []string{"name", "immutableId", "description", "kind", "streamDeclarations", "destinations", "dataFlows", "dataSources", "agentSettings", "references", "properties"}
	armKeys  = []string{"id", "type", "apiVersion", "location", "tags", "etag", "systemData", "identity", "sku", "dependsOn", "dataCollectionEndpointId", "endpoints", "metadata",
		"provisioningState"}
)

func (l *loader) load() {
	root, span, err := l.parse()
	if err != nil {
		l.diags.Add(source.Diagnostic{Code: notReadable, Severity: source.Error, Span: span, Msg: err.Error()})
		return
	}
	root = follow(root)
	if root.Kind != yaml.MappingNode {
		l.fault(root, notReadable, "expected a data collection rule: a mapping with dataFlows")
		return
	}
	l.rule = &Rule{streams: map[string]*Stream{}}
	l.read(root, true)
	if l.rule.Name == "" && l.rule.ImmutableID == "" {
		l.fault(root, missingKey, "the rule has no name")
	}
	if l.rule.ImmutableID == "" {
		sum := sha256.Sum256([]byte(strings.ToLower(l.rule.Name)))
		l.rule.ImmutableID = "dcr-" + hex.EncodeToString(sum[:16])
	}
	if l.flows == nil {
		l.fault(root, missingKey, "the rule has no dataFlows")
	}
	for _, n := range l.flows {
		l.flow(n)
	}
	for _, name := range catalogNames(l.declared) {
		if l.rule.streams[name] == nil && !l.diags.HasErrors() {
			l.diags.Add(source.Diagnostic{Code: badStream, Severity: source.Warning, Msg: "the stream " + name + " is declared, and no data flow takes it"})
		}
	}
}

func catalogNames(m map[string]*catalog.Table) []string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

var immutableID = regexp.MustCompile(`^dcr-[0-9a-f]{32}$`)

// read reads the members of the rule, and with top those of its properties.
func (l *loader) read(n *yaml.Node, top bool) {
	for _, m := range l.members(n, "the rule", ruleKeys, armKeys...) {
		switch m.name {
		case "name":
			l.rule.Name = l.str(m)
			if l.rule.Name == "" || len(l.rule.Name) > 64 || strings.ContainsAny(l.rule.Name, "/?#%\\") {
				l.fault(m.value, badID, "a name has 1 to 64 characters and none of / ? # %% \\")
			}
			if strings.EqualFold(l.rule.Name, DefaultName) {
				l.fault(m.value, badID, "%q is the name of the rule that is always there", l.rule.Name)
			}
		case "immutableId":
			l.rule.ImmutableID = l.str(m)
			if !immutableID.MatchString(l.rule.ImmutableID) || l.rule.ImmutableID == DefaultImmutableID {
				l.fault(m.value, badID, "expected dcr- and 32 hexadecimal digits, not all zero")
			}
		case "description":
			l.rule.Description = l.str(m)
		case "kind":
			if k := l.str(m); !strings.EqualFold(k, "Direct") {
				l.fault(m.value, unsupported, "kind %q is not supported: events come through the Logs Ingestion API, kind Direct", k)
			}
		case "streamDeclarations":
			for _, s := range l.members(m.value, "streamDeclarations", nil) {
				l.declare(s)
			}
		case "destinations":
			l.destinations(m)
		case "dataFlows":
			l.flows = append([]*yaml.Node{}, l.list(m)...)
		case "dataSources", "agentSettings", "references":
			if len(m.value.Content) > 0 {
				l.fault(m.key, unsupported, "%s are not supported: events come through the Logs Ingestion API", m.name)
			}
		case "properties":
			if !top {
				l.fault(m.key, unknownKey, "properties has no \"properties\"")
				continue
			}
			l.read(m.value, false)
		}
	}
}

// declaredTypes are the types of a stream's columns.
var declaredTypes = map[string]types.Type{"string": types.String, "int": types.Int, "long": types.Long, "real": types.Real, "boolean": types.Bool,
	"dynamic": types.Dynamic, "datetime": types.Datetime}

var columnName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// maxColumns is how many columns a stream may declare: no table has more.
const maxColumns = 500

func (l *loader) declare(s member) {
	if !strings.HasPrefix(s.name, customPrefix) || s.name == customPrefix {
		l.fault(s.key, badStream, "the name of a declared stream begins with %s", customPrefix)
		return
	}
	t := &catalog.Table{Name: s.name}
	for _, m := range l.members(s.value, "the stream "+s.name, []string{"columns"}) {
		for _, n := range l.list(m) {
			l.column(t, n)
		}
	}
	if len(t.Columns) == 0 || len(t.Columns) > maxColumns {
		l.fault(s.key, badStream, "the stream %s declares %d columns, expected 1 to %d", s.name, len(t.Columns), maxColumns)
	}
	t.Columns = append(t.Columns, types.Column{Name: ingest.UnknownColumn, Type: types.Dynamic})
	l.declared[s.name] = t
}

func (l *loader) column(t *catalog.Table, n *yaml.Node) {
	var c types.Column
	for _, m := range l.members(n, "a column", []string{"name", "type"}, "description") {
		switch text := l.str(m); m.name {
		case "name":
			c.Name = text
			if !columnName.MatchString(text) || len(text) > 128 {
				l.fault(m.value, badColumn, "%q is no name of a column: a letter, then letters, digits and _, up to 128", text)
			}
		case "type":
			var ok bool
			if c.Type, ok = declaredTypes[strings.ToLower(text)]; !ok {
				l.fault(m.value, badColumn, "%q is no type of a stream's column: string, int, long, real, boolean, dynamic or datetime", text)
				c.Type = types.String
			}
		}
	}
	switch {
	case c.Name == "" || c.Type == types.Unknown:
		l.fault(n, missingKey, "a column has a name and a type")
	case t.Columns.Index(c.Name) >= 0:
		l.fault(n, repeated, "the column %s is declared twice", c.Name)
	default:
		t.Columns = append(t.Columns, c)
	}
}

func (l *loader) destinations(d member) {
	l.dests = map[string]bool{}
	for _, kind := range l.members(d.value, "destinations", nil) {
		for _, n := range l.list(kind) {
			for _, m := range l.members(n, "a destination", nil) {
				if m.name == "name" {
					l.dests[l.str(m)] = kind.name == "logAnalytics"
				}
			}
		}
	}
}

// flow reads a data flow and adds it to its streams.
func (l *loader) flow(n *yaml.Node) {
	var streams []*yaml.Node
	var transform, output *yaml.Node
	table := ""
	for _, m := range l.members(n, "a data flow", []string{"streams", "destinations", "transformKql", "outputStream", "table"}, "builtInTransform", "captureOverflow") {
		switch m.name {
		case "streams":
			streams = l.list(m)
		case "destinations":
			for _, d := range l.list(m) {
				if workspace, ok := l.dests[d.Value]; !ok && l.dests != nil {
					l.fault(d, badStream, "there is no destination %q", d.Value)
				} else if ok && !workspace {
					l.fault(d, unsupported, "the destination %q is no workspace: events go into tables only", d.Value)
				}
			}
		case "transformKql":
			if l.str(m); m.value.Kind == yaml.ScalarNode {
				transform = m.value
			}
		case "outputStream":
			output = m.value
			var ok bool
			if table, ok = streamTable(l.str(m)); !ok {
				l.fault(m.value, badStream, "expected Microsoft- or Custom- and the name of a table")
				return
			}
		case "table":
			output, table = m.value, l.str(m)
		}
	}
	if len(streams) == 0 {
		l.fault(n, missingKey, "the data flow has no streams")
	}
	for _, s := range streams {
		l.connect(n, s, output, table, transform)
	}
}

// connect adds a flow to one stream.
func (l *loader) connect(flow, stream, output *yaml.Node, table string, transform *yaml.Node) {
	name := stream.Value
	own, ok := streamTable(name)
	if stream.Kind != yaml.ScalarNode || !ok {
		l.fault(stream, badStream, "expected the name of a stream: Custom- for what the rule declares, Microsoft- and the name of a table")
		return
	}
	if output == nil {
		output, table = stream, own
		if l.declared[name] != nil {
			l.fault(flow, missingKey, "the data flow has no outputStream, which names the table")
			return
		}
	}
	to, ok := l.cat.Table(table)
	if !ok {
		msg := fmt.Sprintf("there is no table %s", table)
		if near := l.cat.SuggestTable(table); len(near) > 0 {
			msg += "; did you mean " + strings.Join(near, ", ") + "?"
		}
		l.fault(output, noTable, "%s", msg)
		return
	}
	input := l.declared[name]
	if input == nil {
		if input, ok = l.cat.Table(own); !ok {
			l.fault(stream, badStream, "the stream %s is not declared, and there is no table %s", name, own)
			return
		}
	}
	f := &Flow{Table: to, same: input == to}
	columns := input.Columns
	at := stream
	if transform != nil && strings.TrimSpace(transform.Value) != "" {
		inside := l.inside(transform)
		t, diags := compileTransform(source.NewFile(l.file.Name, transform.Value), input)
		for _, d := range diags.List {
			d.Span = source.Span{Start: inside(d.Span.Start), End: max(inside(d.Span.Start), inside(d.Span.End))}
			l.diags.Add(d)
		}
		if diags.HasErrors() {
			return
		}
		if f.transform = t; t != nil {
			columns, at = t.columns, transform
		}
	}
	if f.transform != nil || !f.same {
		for _, msg := range f.connect(input, columns) {
			l.fault(at, notFitting, "%s", msg)
		}
	}
	s := l.rule.streams[name]
	if s == nil {
		s = &Stream{Name: name, Input: ingest.NewTarget(input)}
		l.rule.streams[name] = s
	}
	s.Flows = append(s.Flows, f)
}
