package ingest

import (
	"fmt"
	"strings"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

// maxReported bounds how many names, faults and notes of a kind a FileReport keeps.
const maxReported = 200

// shape is a way in which records come: rows as a workspace holds them, or one of Microsoft Entra's exports.
type shape struct {
	name   string
	expand string // the key whose members are columns too

	// route names the table of a record; "" is the file's own. A reason means the record has none.
	route func(m *fileMapper, rec *record) (table, reason string)
	// columns gives, for a table, the columns of the keys whose names do not tell them; an empty list passes a
	// key over. Keys are in lower case. Of the expanded members and of the others.
	columns func(table string) (sub, top map[string][]string)
	// key turns a key into the form that columns uses; nil lowers it.
	key func(string) string
	// finish fills columns that the record states in other words.
	finish func(t *tableMapper, rec *record, row []types.Value)
}

// target is where the value of a key goes.
type target struct {
	columns  []int
	weak     bool // only where the column has no value yet
	known    bool // not to be reported though it has no column
	timeRank int  // > 0: may stand in for TimeGenerated; smaller ranks first
}

// tableMapper brings records into the columns of one table.
type tableMapper struct {
	file     *fileMapper
	table    *catalog.Table
	exact    map[string]int
	fold     map[string]int
	custom   bool // a table of the user's: keys may lack the suffix that a collector gave their columns
	sub, top map[string][]string

	template   []types.Value
	typeCol    int
	timeCol    int
	received   int
	unknownCol int
	left       types.JSON // what of the record at hand goes into the unknown column

	keys, subKeys     map[string]*target
	layout, subLayout []predicted // the fields of the record before: most files repeat them
	batch             [][]types.Value
	cells             []types.Value
	bytes             int64 // of the records in batch
	rows              int64
	index             map[string][]int // portal: header → fields
	timeNamed         map[string]int64 // key that stood in for TimeGenerated → rows
	noTime            int64            // rows without any time
}

type predicted struct {
	key string
	to  *target
}

func newTableMapper(f *fileMapper, t *catalog.Table) *tableMapper {
	m := &tableMapper{
		file: f, table: t,
		exact: make(map[string]int, len(t.Columns)), fold: make(map[string]int, len(t.Columns)),
		custom: strings.HasSuffix(t.Name, "_CL"),
		keys:   map[string]*target{}, subKeys: map[string]*target{},
		template: make([]types.Value, len(t.Columns)),
	}
	for i, c := range t.Columns {
		m.exact[c.Name] = i
		if _, twice := m.fold[strings.ToLower(c.Name)]; !twice {
			m.fold[strings.ToLower(c.Name)] = i
		}
		m.template[i] = types.Null(c.Type)
	}
	m.typeCol, m.timeCol, m.received = m.column("Type", types.String), m.column("TimeGenerated", types.Datetime), m.column("_TimeReceived", types.Datetime)
	m.unknownCol = m.column(UnknownColumn, types.Dynamic)
	if f.shape.columns != nil {
		m.sub, m.top = f.shape.columns(t.Name)
	}
	return m
}

// UnknownColumn is the column that takes, as one JSON object, what a record says beyond the other columns: the
// fields without a column, and the values that do not fit theirs. A table without it loses them.
const UnknownColumn = "_Unknown"

// column returns the place of the column called name if it has type t, else -1.
func (m *tableMapper) column(name string, t types.Type) int {
	if i, ok := m.exact[name]; ok && m.table.Columns[i].Type == t {
		return i
	}
	return -1
}

// timeKeys are names under which sources write when an event happened, best first, in lower case and without
// separators. They stand in for TimeGenerated where a record has none.
var timeKeys = []string{
	"timegenerated", "createddatetime", "activitydatetime", "timestamp", "eventtime", "eventtimestamp", "time", "datetime",
	"date", "utctime", "timecreated", "creationtime", "createdat", "eventdate", "isotimestamp", "logtimestamp", "published",
	"starttime", "ts",
}

func timeRank(key string) int {
	k := strings.ToLower(cleanHeader(key))
	for _, suffix := range []string{"_t", "_s", "_d"} {
		k = strings.TrimSuffix(k, suffix)
	}
	k = squeeze(k)
	for i, t := range timeKeys {
		if k == t {
			return i + 1
		}
	}
	return 0
}

// squeeze returns the ASCII letters and digits of s, in lower case.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r | 0x20
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r > 0x7f:
			return r
		}
		return -1
	}, s)
}

// cleanHeader takes off what exports add to a column's name: blanks, and the time zone of a datetime as in
// "TimeGenerated [UTC]".
func cleanHeader(key string) string {
	k := strings.TrimSpace(key)
	if strings.HasSuffix(k, "]") {
		if n := strings.LastIndex(k, " ["); n > 0 {
			k = strings.TrimSpace(k[:n])
		}
	}
	return k
}

// collectorSuffixes are what the HTTP Data Collector adds to the names of a custom table's columns: s string,
// d number, b bool, t datetime, g guid. https://learn.microsoft.com/azure/azure-monitor/logs/data-collector-api
var collectorSuffixes = map[kind][]string{
	kindString: {"_s", "_t", "_g", "_d", "_b"},
	kindText:   {"_s", "_d", "_b", "_t", "_g"},
	kindNumber: {"_d", "_s", "_t", "_b"},
	kindBool:   {"_b", "_s", "_d"},
	kindNested: {"_s", "_d"},
	kindNull:   {"_s", "_d", "_b", "_t", "_g"},
	kindValue:  {"_s", "_d", "_b", "_t", "_g"},
}

// find returns the column of a key by its name alone; weak tells that the name had to be bent.
func (m *tableMapper) find(key string, k kind) (col int, weak, ok bool) {
	if i, ok := m.exact[key]; ok {
		return i, false, true
	}
	clean := cleanHeader(key)
	if i, ok := m.exact[clean]; ok {
		return i, true, true
	}
	if i, ok := m.fold[strings.ToLower(clean)]; ok {
		return i, true, true
	}
	// a result that unites tables of differing types writes X as X_dynamic and X_string
	for _, suffix := range []string{"_dynamic", "_string", "_datetime", "_long", "_real", "_bool", "_guid"} {
		if base, ok := strings.CutSuffix(clean, suffix); ok {
			if i, ok := m.exact[base]; ok {
				return i, true, true
			}
		}
	}
	if !m.custom {
		return 0, false, false
	}
	base := strings.ToLower(customName(clean))
	for _, suffix := range collectorSuffixes[k] {
		if i, ok := m.fold[base+suffix]; ok {
			return i, true, true
		}
	}
	return 0, false, false
}

// customName makes a key a legal column name: letters, digits and underscores, not beginning with a digit.
func customName(key string) string {
	var b strings.Builder
	for i, r := range key {
		switch {
		case r == '_', r >= '0' && r <= '9' && i > 0, r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			b.WriteRune(r)
		case i == 0 && r >= '0' && r <= '9':
			b.WriteByte('_')
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

// resolve finds the target of a key that is met for the first time.
func (m *tableMapper) resolve(key string, k kind, declared map[string][]string, sub bool) *target {
	t := &target{}
	if m.timeCol >= 0 {
		t.timeRank = timeRank(key)
	}
	form := strings.ToLower(key)
	if m.file.shape.key != nil {
		form = m.file.shape.key(key)
	}
	if names, ok := declared[form]; ok {
		t.known = !sub || len(names) == 0
		t.weak = !sub
		for _, n := range names {
			if i, ok := m.exact[n]; ok {
				t.columns = append(t.columns, i)
			}
		}
		return t
	}
	if i, weak, ok := m.find(key, k); ok {
		t.columns, t.weak = []int{i}, weak || m.file.shape.expand != "" && !sub
		return t
	}
	return t
}

// maxKeyKept is the length of a key up to which its target is remembered.
const maxKeyKept = 256

// lookup returns the target of field i of a record.
func (m *tableMapper) lookup(rec *record, f *field, i int, sub bool) *target {
	layout, keys, declared := &m.layout, m.keys, m.top
	if sub {
		layout, keys, declared = &m.subLayout, m.subKeys, m.sub
	}
	raw := rec.text[f.keyStart:f.keyEnd]
	if i < len(*layout) && (*layout)[i].key == raw {
		return (*layout)[i].to
	}
	to, ok := keys[raw]
	if !ok {
		to = m.resolve(rec.key(f), f.kind, declared, sub)
		if len(raw) > maxKeyKept {
			return to
		}
		raw = strings.Clone(raw)
		if len(keys) < 16*m.file.limits.MaxFields { // records may make up keys without end
			keys[raw] = to
		}
	}
	for len(*layout) <= i {
		*layout = append(*layout, predicted{})
	}
	(*layout)[i] = predicted{strings.Clone(raw), to}
	return to
}

// fill writes a record into row, which holds nulls.
func (m *tableMapper) fill(rec *record, row []types.Value) {
	bestRank := 0
	var timeField *field
	fields := rec.fields
	if rec.expanded {
		m.fillFields(rec, rec.sub, row, true, &bestRank, &timeField)
	}
	m.fillFields(rec, fields, row, false, &bestRank, &timeField)
	if m.file.shape.finish != nil {
		m.file.shape.finish(m, rec, row)
	}
	if m.timeCol >= 0 && row[m.timeCol].IsNull() {
		m.file.standIn(m, rec, timeField, row)
	}
	if m.typeCol >= 0 && !m.file.stamped && row[m.typeCol].Text() == "" {
		row[m.typeCol] = types.StringOf(m.table.Name)
	}
	if m.received >= 0 && m.file.opts.TimeReceived != 0 && row[m.received].IsNull() {
		row[m.received] = types.DatetimeOf(m.file.opts.TimeReceived)
	}
	if len(m.left.Keys) > 0 {
		row[m.unknownCol] = withUnknown(row[m.unknownCol], m.left)
		clear(m.left.Items)
		m.left.Keys, m.left.Items = m.left.Keys[:0], m.left.Items[:0]
	}
}

// withUnknown adds the members of left to what the unknown column holds already, because the record came with it.
func withUnknown(have types.Value, left types.JSON) types.Value {
	if have.IsNull() {
		return left.Value()
	}
	out := types.JSONOf(have)
	if out.Kind != types.JSONObject {
		out = types.JSON{Kind: types.JSONObject, Keys: []string{UnknownColumn}, Items: []types.JSON{out}}
	}
	for i, k := range left.Keys {
		out.Set(k, left.Items[i])
	}
	return out.Value()
}

// keep puts a field into the unknown column, if the table has one; an empty cell of a CSV file says nothing.
func (m *tableMapper) keep(rec *record, f *field) {
	if m.unknownCol >= 0 && (f.kind != kindText || f.end > f.start) {
		m.left.Set(rec.key(f), rec.node(f))
	}
}

func (m *tableMapper) fillFields(rec *record, fields []field, row []types.Value, sub bool, bestRank *int, timeField **field) {
	for i := range fields {
		f := &fields[i]
		if f.kind == kindNested && rec.expanded && !sub && rec.text[f.keyStart:f.keyEnd] == m.file.shape.expand {
			continue // its members have been filled
		}
		to := m.lookup(rec, f, i, sub)
		if to.timeRank > 0 && (*bestRank == 0 || to.timeRank < *bestRank) && f.kind != kindNull {
			*bestRank, *timeField = to.timeRank, f
		}
		if len(to.columns) == 0 {
			if !to.known && f.kind != kindNull && (f.kind == kindNested || f.kind == kindValue || f.end > f.start) {
				m.file.unknown(rec.key(f))
			}
			m.keep(rec, f)
			continue
		}
		kept := f.kind == kindNull
		for _, col := range to.columns {
			typ := m.table.Columns[col].Type
			if to.weak && hasValue(row[col]) {
				if m.unknownCol >= 0 && !kept { // another value under a second name is not lost
					v, ok := convert(rec, f, typ)
					kept = ok && (v == row[col] || v.IsNull())
				}
				continue
			}
			v, ok := convert(rec, f, typ)
			if !ok {
				m.file.badValue(rec, m.table.Columns[col], f)
			}
			kept = kept || ok
			row[col] = v
		}
		if !kept {
			m.keep(rec, f)
		}
	}
}

func hasValue(v types.Value) bool {
	return !v.IsNull() && (v.Type() != types.String || v.Text() != "")
}

// set writes a string to a column if the table has it, as a string, and it has no value yet.
func (m *tableMapper) set(row []types.Value, column, text string) {
	if i := m.column(column, types.String); i >= 0 && text != "" && !hasValue(row[i]) {
		row[i] = types.StringOf(text)
	}
}

// setJSON writes a node to a dynamic column, or its text to a string column, if it has no value yet.
func (m *tableMapper) setJSON(row []types.Value, column string, n types.JSON) {
	i, ok := m.exact[column]
	if !ok || n.Kind == types.JSONNull || hasValue(row[i]) {
		return
	}
	switch m.table.Columns[i].Type {
	case types.Dynamic:
		row[i] = n.Value()
	case types.String:
		row[i] = types.StringOf(n.String())
	}
}

// badValue counts a value that became null.
func (f *fileMapper) badValue(rec *record, c types.Column, fl *field) {
	if f.report.BadValues == nil {
		f.report.BadValues = map[string]int64{}
	}
	f.report.BadValues[c.Name]++
	if len(f.report.BadValueFaults) < f.opts.maxFaults() {
		text := rec.raw(fl)
		if len(text) > 60 {
			text = strings.ToValidUTF8(text[:60], "") + "…"
		}
		f.report.BadValueFaults = append(f.report.BadValueFaults, Fault{Line: rec.line, Record: f.record,
			Reason: fmt.Sprintf("%s: %q is no %s", c.Name, text, c.Type)})
	}
}

// unknown counts a value whose key has no column.
func (f *fileMapper) unknown(key string) {
	if f.report.UnknownColumns == nil {
		f.report.UnknownColumns = map[string]int64{}
	}
	if _, ok := f.report.UnknownColumns[key]; !ok {
		if len(f.report.UnknownColumns) >= maxReported {
			f.moreUnknown++
			return
		}
		key = strings.Clone(key)
	}
	f.report.UnknownColumns[key]++
}

// standIn fills TimeGenerated from the field that says best when the event happened, or, where none does, with
// the time of receipt if that is given.
func (f *fileMapper) standIn(m *tableMapper, rec *record, fl *field, row []types.Value) {
	if fl != nil {
		if v, ok := convert(rec, fl, types.Datetime); ok && !v.IsNull() {
			row[m.timeCol] = v
			if m.timeNamed == nil {
				m.timeNamed = map[string]int64{}
			}
			key := rec.key(fl)
			if _, ok := m.timeNamed[key]; ok || len(m.timeNamed) < maxReported {
				m.timeNamed[strings.Clone(key)]++
			}
			return
		}
	}
	if f.opts.TimeReceived != 0 {
		row[m.timeCol] = types.DatetimeOf(f.opts.TimeReceived)
	}
	m.noTime++
}
