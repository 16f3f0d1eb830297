package funcs

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
)

// Families lists every family of the catalogue; each is a slice literal in the file of its name.
func Families() map[string][]*Func {
	return map[string][]*Func{
		"operator":  operatorFuncs,
		"todynamic": slices.Concat(toDynamicFuncs, splitFuncs),
		"stringop":  slices.Concat(stringOpFuncs, membershipFuncs),
		"datetime":  slices.Concat(datetimeFuncs, datetimeCalcFuncs, datetimeFormatFuncs, datetimeZoneFuncs),
		"math":      slices.Concat(mathFuncs, mathStatFuncs, mathUnitFuncs),
		"parse":     parseFuncs,
		"encode":    slices.Concat(encodeFuncs, hashFuncs),
		"ip":        slices.Concat(ipFuncs, ipTextFuncs),
		"dynamic":   slices.Concat(dynamicFuncs, bagFuncs),
		"array":     slices.Concat(arrayFuncs, arraySortFuncs, setFuncs),
		"series":    slices.Concat(seriesFuncs, seriesFillFuncs, seriesStatsFuncs, seriesFitFuncs, seriesSignalFuncs, seriesDecomposeFuncs),
		"system":    systemFuncs,
		"string":    slices.Concat(stringFuncs, searchFuncs),
		"geo":       slices.Concat(geoFuncs, geoLineFuncs, geoAreaFuncs, geoCellFuncs, geoTextFuncs),
		"convert":   convertFuncs,
		"cond":      condFuncs,
		"agg": slices.Concat(aggFuncs, aggListFuncs, aggRowFuncs, aggStatFuncs, aggSketchFuncs, aggSchemaFuncs,
			[]*Func{decimalSortKey}),
		"sketch": sketchFuncs,
		"window": slices.Concat(windowFuncs, contextFuncs),
		"match":  slices.Concat(matchFuncs, keyValueFuncs, seriesMakeFuncs),
	}
}

// Set is a catalogue that can be looked up by name.
type Set struct {
	byName map[string]*Func
	all    []*Func
}

// All returns the catalogue of every family.
var All = sync.OnceValue(func() *Set { return NewSet(Families()) })

// NewSet builds a catalogue from families; two functions of one name and class are a programming error.
func NewSet(families map[string][]*Func) *Set {
	s := &Set{byName: make(map[string]*Func)}
	for family, fs := range families {
		for _, f := range fs {
			f.Family = family
			s.all = append(s.all, f)
			for _, n := range append([]string{f.Name}, f.Aliases...) {
				k := key(f.Class, n)
				if s.byName[k] != nil {
					panic("funcs: " + k + " is declared twice")
				}
				s.byName[k] = f
			}
		}
	}
	sort.Slice(s.all, func(i, j int) bool {
		a, b := s.all[i], s.all[j]
		return a.Name < b.Name || a.Name == b.Name && a.Class < b.Class
	})
	return s
}

func key(c Class, name string) string { return c.String() + " " + name }

// Lookup returns the function of a class and name. Function names are case-sensitive in KQL.
func (s *Set) Lookup(c Class, name string) (*Func, bool) {
	f, ok := s.byName[key(c, name)]
	return f, ok
}

// replaced returns a copy of s in which f stands for the function of its class and name.
func (s *Set) replaced(f *Func) *Set {
	old := s.byName[key(f.Class, f.Name)]
	out := &Set{byName: maps.Clone(s.byName), all: slices.Clone(s.all)}
	for _, n := range append([]string{f.Name}, f.Aliases...) {
		out.byName[key(f.Class, n)] = f
	}
	out.all[slices.Index(out.all, old)] = f
	return out
}

// Funcs lists all functions by name.
func (s *Set) Funcs() []*Func { return s.all }

// Near returns the name of the class closest to a misspelt one, or "".
func (s *Set) Near(c Class, name string) string {
	best, bestDist := "", 3
	for k := range s.byName {
		n, ok := strings.CutPrefix(k, c.String()+" ")
		if !ok {
			continue
		}
		if d := distance(strings.ToLower(n), strings.ToLower(name)); d < bestDist || d == bestDist && best != "" && n < best {
			best, bestDist = n, d
		}
	}
	return best
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			prev, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, prev+cost)
		}
	}
	return row[len(b)]
}
