package ingest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"sort"
	"strings"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/types"
)

// fileFormat is how a file is written.
type fileFormat uint8

const (
	formatNone fileFormat = iota
	formatJSON
	formatCSV
	formatParquet
)

// formatOf tells the format of a file by its name, and its name without the endings that say so.
func formatOf(file string) (f fileFormat, stem string) {
	stem = path.Base(file)
	if e := path.Ext(stem); strings.EqualFold(e, ".gz") {
		stem = strings.TrimSuffix(stem, e)
	}
	e := path.Ext(stem)
	switch strings.ToLower(e) {
	case ".json", ".jsonl", ".ndjson":
		f = formatJSON
	case ".csv", ".tsv":
		f = formatCSV
	case ".parquet":
		f = formatParquet
	default:
		return formatNone, stem
	}
	return f, strings.TrimSuffix(stem, e)
}

// nameIndex finds tables by names that are not spelt as KQL demands.
type nameIndex struct {
	cat      *catalog.Catalog
	fold     map[string]string // lower case → name
	squeezed map[string]string // letters and digits in lower case → name
}

func newNameIndex(cat *catalog.Catalog) *nameIndex {
	x := &nameIndex{cat: cat, fold: map[string]string{}, squeezed: map[string]string{}}
	for _, n := range cat.TableNames() { // sorted: of names that fall together the first stays
		if _, ok := x.fold[strings.ToLower(n)]; !ok {
			x.fold[strings.ToLower(n)] = n
		}
		if _, ok := x.squeezed[squeeze(n)]; !ok {
			x.squeezed[squeeze(n)] = n
		}
	}
	return x
}

// named returns the table called name, in whatever case.
func (x *nameIndex) named(name string) (string, bool) {
	if _, ok := x.cat.Table(name); ok {
		return name, true
	}
	n, ok := x.fold[strings.ToLower(name)]
	return n, ok
}

// spelt returns the table whose name text spells, separators and case aside; the ending _CL may be missing.
func (x *nameIndex) spelt(text string) (string, bool) {
	if _, ok := x.cat.Table(text); ok {
		return text, true
	}
	s := squeeze(text)
	if s == "" {
		return "", false
	}
	if n, ok := x.squeezed[s]; ok {
		return n, true
	}
	n, ok := x.squeezed[s+"cl"]
	return n, ok && strings.HasSuffix(n, "_CL")
}

// prefixes returns the tables whose names a stem begins with, the longest first; a name ends where a word
// of the stem does.
func (x *nameIndex) prefixes(stem string) []string {
	var out []string
	for i := len(stem); i > 0; i-- {
		if i < len(stem) && (isWordByte(stem[i]) || !isWordByte(stem[i-1])) {
			continue
		}
		if n, ok := x.spelt(stem[:i]); ok {
			out = append(out, n)
		}
	}
	return out
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// sample is what the first records of a file show.
type sample struct {
	records    int
	keys       []string // in the order of their appearance
	kinds      map[string]kind
	types      map[string]int // value of the Type or $table column that names a table → records
	diagnostic int
	graph      int
	portal     bool
	faults     int
}

const sampleRecords = 200

// take reads the first records of a file.
func (x *nameIndex) take(r recordReader) (*sample, error) {
	s := &sample{kinds: map[string]kind{}, types: map[string]int{}}
	if c, ok := r.(*csvReader); ok {
		s.portal = isPortalHeader(c.header)
		for _, h := range c.header {
			s.add(h, kindText)
		}
	}
	var rec record
	for s.records < sampleRecords && s.faults < sampleRecords {
		err := r.next(&rec)
		if errors.Is(err, io.EOF) {
			break
		}
		var fault *Fault
		if errors.As(err, &fault) {
			s.faults++
			continue
		}
		if err != nil {
			return s, err
		}
		s.records++
		for i := range rec.fields {
			f := &rec.fields[i]
			if f.kind != kindText {
				s.add(rec.key(f), f.kind)
			}
		}
		for _, key := range []string{"Type", "$table"} {
			if x == nil {
				break // the table is known
			}
			if f, ok := rec.find(rec.fields, key); ok && (f.kind == kindString || f.kind == kindText || f.kind == kindValue) {
				if t, ok := x.named(rec.raw(f)); ok {
					s.types[t]++
				}
			}
		}
		if isDiagnostic(&rec) {
			s.diagnostic++
		}
		if isGraph(&rec) {
			s.graph++
		}
	}
	return s, nil
}

func (s *sample) add(key string, k kind) {
	if old, ok := s.kinds[key]; !ok {
		key = strings.Clone(key)
		s.kinds[key] = k
		s.keys = append(s.keys, key)
	} else if old == kindNull {
		s.kinds[key] = k
	}
}

// shape tells how the records come.
func (s *sample) shape() *shape {
	switch {
	case s.portal:
		return portalShape
	case s.diagnostic > 0 && s.diagnostic*2 >= s.records:
		return diagnosticShape
	case s.graph > 0 && s.graph*2 >= s.records:
		return graphShape
	}
	return rowShape
}

// rowShape is rows as a workspace holds them or a source sends them. A Type column that names another known
// table sends a record there: exports that unite tables have one.
var rowShape = &shape{
	name: "table rows",
	route: func(m *fileMapper, rec *record) (table, reason string) {
		if !m.byType {
			return "", ""
		}
		if t := rec.textOf(rec.fields, "Type"); t != "" && t != m.base.Name {
			if n, ok := m.names.named(t); ok {
				return n, ""
			}
		}
		if t := rec.textOf(rec.fields, "$table"); t != "" && t != m.base.Name {
			if n, ok := m.names.named(t); ok {
				return n, ""
			}
		}
		return "", ""
	},
}

// standardColumns are in nearly every table and tell nothing about which it is.
var standardColumns = map[string]bool{
	"tenantid": true, "sourcesystem": true, "timegenerated": true, "type": true, "mg": true, "managementgroupname": true,
	"computer": true, "rawdata": true, "_resourceid": true, "_subscriptionid": true, "_itemid": true, "_timereceived": true,
	"_isbillable": true, "_billedsize": true, "id": true, "name": true,
}

// support returns how many of the sample's keys a table has columns for, the standard ones aside, of how many.
func (s *sample) support(t *catalog.Table) (known, all int) {
	m := newTableMapper(&fileMapper{shape: rowShape}, t)
	for _, k := range s.keys {
		if standardColumns[strings.ToLower(cleanHeader(k))] {
			continue
		}
		all++
		if _, _, ok := m.find(k, s.kinds[k]); ok {
			known++
		}
	}
	return known, all
}

func (s *sample) hasTime() bool {
	for _, k := range s.keys {
		if strings.EqualFold(cleanHeader(k), "TimeGenerated") {
			return true
		}
	}
	return false
}

// byType returns the table that the Type column names most often. A source may use the word "Type" for things
// of its own, so the columns must bear it out: a TimeGenerated, or half of them known.
func (s *sample) byType(x *nameIndex) (string, bool) {
	names := make([]string, 0, len(s.types))
	for n := range s.types {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := names[i], names[j]
		return s.types[a] > s.types[b] || s.types[a] == s.types[b] && a < b
	})
	for _, n := range names {
		t, _ := x.cat.Table(n)
		if known, all := s.support(t); s.hasTime() || known*2 >= all && known > 0 {
			return n, true
		}
	}
	return "", false
}

// byName returns the table that the file is named after: the whole name, else the name of a folder it is in,
// else the beginning of the name. A beginning alone may mislead (event-hub-signins.json), so a column of the
// table must be there too.
func (s *sample) byName(x *nameIndex, file, stem string) (string, bool) {
	if n, ok := x.spelt(stem); ok {
		return n, true
	}
	for dir := path.Dir(file); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if n, ok := x.spelt(path.Base(dir)); ok {
			return n, true
		}
	}
	for _, n := range x.prefixes(stem) {
		t, _ := x.cat.Table(n)
		if known, _ := s.support(t); known > 0 {
			return n, true
		}
	}
	return "", false
}

// columnIndex tells for each column, in lower case, which tables have it.
type columnIndex struct {
	tables []*catalog.Table
	of     map[string][]int32
	sizes  []float64 // weight of all columns of each table
}

func newColumnIndex(cat *catalog.Catalog) *columnIndex {
	x := &columnIndex{of: map[string][]int32{}}
	for _, n := range cat.TableNames() {
		t, _ := cat.Table(n)
		i := int32(len(x.tables))
		x.tables = append(x.tables, t)
		for _, c := range t.Columns {
			if k := strings.ToLower(c.Name); !standardColumns[k] {
				if of := x.of[k]; len(of) == 0 || of[len(of)-1] != i {
					x.of[k] = append(of, i)
				}
			}
		}
	}
	x.sizes = make([]float64, len(x.tables))
	for k, of := range x.of {
		for _, i := range of {
			x.sizes[i] += x.weight(k)
		}
	}
	return x
}

// weight says how much a column tells: one that few tables have tells more.
func (x *columnIndex) weight(column string) float64 {
	return math.Log(1 + float64(len(x.tables))/float64(1+len(x.of[column])))
}

// byContent returns the table whose columns the file's are: at least three, and by weight three fifths of the
// file's. Of several the one that has least besides; also names those that explain the file as well.
func (s *sample) byContent(x *columnIndex) (table string, also []string, ok bool) {
	all := 0.0
	known := map[int32]float64{}
	count := map[int32]int{}
	seen := map[string]bool{}
	for _, k := range s.keys {
		k = strings.ToLower(cleanHeader(k))
		if standardColumns[k] || seen[k] {
			continue
		}
		seen[k] = true
		w := x.weight(k)
		all += w
		for _, i := range x.of[k] {
			known[i] += w
			count[i]++
		}
	}
	best, bestScore := int32(-1), 0.0
	for i, w := range known {
		if count[i] < 3 || w < 0.6*all {
			continue
		}
		// how much of the file is explained, and, to choose among near equals, how much of the table is there
		score := w/all + 0.5*w/x.sizes[i]
		if score > bestScore+1e-9 || score > bestScore-1e-9 && best >= 0 && i < best {
			best, bestScore = i, score
		}
	}
	if best < 0 {
		return "", nil, false
	}
	for i, w := range known {
		if i != best && w > known[best]-1e-9 {
			also = append(also, x.tables[i].Name)
		}
	}
	sort.Strings(also)
	return x.tables[best].Name, also, true
}

// customTable names the table of a file that no known table fits.
func customTable(stem string) string {
	name := customName(stem)
	if n := len(name); n > 3 && strings.EqualFold(name[n-3:], "_CL") {
		name = name[:n-3]
	}
	if len(name) > 60 {
		name = name[:60]
	}
	return name + "_CL"
}

// Mapping names the table of the files that a pattern matches. The table "-" leaves them out.
type Mapping struct {
	Pattern string
	Table   string
}

// ParseMapping reads pattern=Table. The pattern is one of path.Match, for a file's path below the folder or
// for its last element.
func ParseMapping(text string) (Mapping, error) {
	pattern, table, ok := strings.Cut(text, "=")
	pattern, table = strings.TrimSpace(pattern), strings.TrimSpace(table)
	if !ok || pattern == "" || table == "" {
		return Mapping{}, fmt.Errorf("mapping %q: expected pattern=Table", text)
	}
	if _, err := path.Match(pattern, "x"); err != nil {
		return Mapping{}, fmt.Errorf("mapping %q: %w", text, err)
	}
	if table != "-" && customName(table) != table {
		return Mapping{}, fmt.Errorf("mapping %q: %q is no name of a table", text, table)
	}
	return Mapping{pattern, table}, nil
}

// Matches tells whether the mapping is for a file, given by its path below the folder.
func (m Mapping) Matches(file string) bool {
	for _, name := range []string{file, path.Base(file)} {
		if ok, err := path.Match(m.Pattern, name); ok && err == nil {
			return true
		}
	}
	return false
}

// inferredTypes collects what the values of a custom table's columns are.
type inferredTypes struct {
	names []string
	types map[string]types.Type
}

// observe adds one value.
func (t *inferredTypes) observe(name string, seen types.Type) {
	old, ok := t.types[name]
	if !ok {
		name = strings.Clone(name)
		t.names = append(t.names, name)
		t.types[name] = seen
		return
	}
	t.types[name] = mergeTypes(old, seen)
}

// mergeTypes returns the type that holds values of both: Unknown stands for nulls only.
func mergeTypes(a, b types.Type) types.Type {
	switch {
	case a == b || b == types.Unknown:
		return a
	case a == types.Unknown:
		return b
	case a == types.Dynamic || b == types.Dynamic:
		return types.Dynamic
	case a.IsNumeric() && b.IsNumeric():
		return types.Real
	}
	return types.String
}

// typeOf returns what a value looks like, Unknown for none.
func typeOf(r *record, f *field) types.Type {
	switch f.kind {
	case kindNested:
		return types.Dynamic
	case kindBool:
		return types.Bool
	case kindNumber:
		if n, _ := types.ParseJSON(r.text[f.start:f.end]); n.Kind == types.JSONLong {
			return types.Long
		}
		return types.Real
	case kindValue:
		return r.values[f.value].Type()
	case kindString:
		text := r.raw(f)
		if text == "" {
			return types.Unknown
		}
		if looksLikeDatetime(text) {
			return types.Datetime
		}
		return types.String
	case kindText:
		return typeOfText(r.raw(f))
	}
	return types.Unknown
}

func typeOfText(text string) types.Type {
	s := strings.TrimSpace(text)
	switch {
	case s == "" || s == "null":
		return types.Unknown
	case strings.EqualFold(s, "true") || strings.EqualFold(s, "false"):
		return types.Bool
	case s[0] == '{' || s[0] == '[':
		if _, err := types.ParseJSON(s); err == nil {
			return types.Dynamic
		}
		return types.String
	case s[0] == '-' || s[0] >= '0' && s[0] <= '9':
		if end, _, err := scanNumber(s+"\n", 0); err == nil && end == len(s) {
			if _, ok := types.ParseLong(s); ok {
				return types.Long
			}
			return types.Real
		}
	}
	if looksLikeDatetime(s) {
		return types.Datetime
	}
	return types.String
}

// looksLikeDatetime takes texts with a date and a time of day only: "2024" and "1.2.2024" may be anything.
func looksLikeDatetime(s string) bool {
	if len(s) < 14 || len(s) > 40 || s[0] < '0' || s[0] > '9' || !strings.Contains(s, ":") || !strings.ContainsAny(s[:5], "-/") {
		return false
	}
	_, ok := types.ParseDatetime(s)
	return ok
}
