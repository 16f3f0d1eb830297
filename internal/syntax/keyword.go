package syntax

import "strings"

// wordClass tells what a keyword may be besides itself.
type wordClass uint8

const (
	// nameWord is a keyword that is also a name wherever a name may stand.
	nameWord wordClass = 1 << iota
	// declWord is a keyword that is a name only where it is being declared or where wildcards are allowed:
	// project where = 1, datatable(by:string).
	declWord
	// pathWord is a keyword that is a name in expressions, but cannot be declared without brackets.
	pathWord
	// typeWord is the name of a type that columns and parameters can have.
	typeWord
	// cutWord is no keyword but an identifier that looks like one, because a longer keyword begins with it and
	// almost stands there: the project of project-awayx.
	cutWord
	// looseTypeWord is the name of a type for typeof and find … project only.
	looseTypeWord
)

// keywords are the words of the language, with what else they can be. Words of management commands are among
// them because Kusto reserves them in queries too.
var keywords = makeKeywords()

func makeKeywords() map[string]wordClass {
	m := map[string]wordClass{}
	add := func(class wordClass, words string) {
		for _, w := range strings.Fields(words) {
			m[w] = class
		}
	}
	add(nameWord|declWord, `__partitionby access alias best_effort bin consume count database dataformat
		datetime_pattern declare default distinct edges entity_group evaluate extend facet filter fork from
		getschema graph id inline_external_table join let limit lookup mvapply mvexpand nodes null nulls on
		optional order output pack parse partition pattern plotly query_parameters range reduce regex render
		restrict scan serialize sort step summarize take top typeof uuid view with with_node_id`)
	add(nameWord|declWord|typeWord, `bool guid`)
	add(declWord, `accumulate as by contains datatable earliest externaldata find has in invoke latest
		materialize mdm of print sample sample-distinct search set sql title to top-hitters top-nested toscalar
		totable verbose viewers where`)
	add(pathWord, `kind with_source withsource`)
	add(typeWord, `boolean date datetime decimal double dynamic int int64 int8 long real string time timespan
		uniqueid`)
	add(looseTypeWord, `float int16 int32 uint uint16 uint32 uint64 uint8 ulong`)
	add(0, `!between !contains !contains_cs !endswith !endswith_cs !has !has_cs !hasprefix !hasprefix_cs
		!hassuffix !hassuffix_cs !in !in~ !startswith !startswith_cs 3Dchart __contextual_datatable
		__crossCluster __crossDB __executeAndCache __id __isFuzzy __noWithSource __packedColumn __projectAway
		__sourceColumnIndex and anomalychart areachart asc assert-schema bagexpansion barchart between
		bin_legacy byte cachingpolicy callout cancel card char columnchart commands-and-queries contains_cs
		containscs cycles dataexport datascope decodeblocks desc encodingpolicy endswith endswith_cs
		expandoutput extent_tags_retention external_data first flags force_remote granny-asc granny-desc
		graph-mark-components graph-match graph-shortest-paths graph-to-table graph-where-edges
		graph-where-nodes harddelete hardretention has_all has_any has_cs hasprefix hasprefix_cs hassuffix
		hassuffix_cs hint.concurrency hint.distribution hint.materialized hint.num_partitions
		hint.progressive_top hint.remote hint.shufflekey hint.spread hint.strategy hotcache in~ isfuzzy journal
		ladderchart last like likecs linechart macro-expand make-graph make-series materialized-view-combine
		materialized-views missing mv-apply mv-expand nooptimization notcontains notcontainscs notlike
		notlikecs or others parse-kv parse-where partitioned-by pathformat piechart pivotchart project
		project-away project-by-names project-keep project-rename project-reorder project-smart queries
		query_results relaxed restricted_view_access row_level_security rowstore rowstore_references
		rowstore_sealinfo rowstorepolicy rowstores scatterchart seal seals set-or-append set-or-replace shards
		simple softdelete softretention stackedareachart startswith startswith_cs statistics
		storedqueryresultcontainers tablepurge timechart timeline timepivot treemap union unrestrictedviewers
		views with_itemindex with_match_id with_step_name writeaheadlog`)
	m["matches regex"] = 0
	return m
}

// longKeywords are, for the first run of letters of a keyword, the keywords that go on after it with something
// that is no letter, such as project-away, hint.strategy, in~ and matches regex; the longest first.
var longKeywords = makeLongKeywords()

func makeLongKeywords() map[string][]string {
	m := map[string][]string{}
	for w := range keywords {
		n := 0
		if w[0] == '!' {
			n = 1
		}
		for n < len(w) && isNameByte(w[n]) {
			n++
		}
		if n == len(w) {
			continue
		}
		list := append(m[w[:n]], w)
		for i := len(list) - 1; i > 0 && len(list[i]) > len(list[i-1]); i-- {
			list[i], list[i-1] = list[i-1], list[i]
		}
		m[w[:n]] = list
	}
	return m
}

// typedLiterals are the words that begin a literal when an opening parenthesis follows at once: long(1).
var typedLiterals = map[string]tokenKind{
	"bool": tokBool, "int": tokInt, "int32": tokInt, "long": tokLong, "int64": tokLong,
	"real": tokReal, "double": tokReal, "decimal": tokDecimal, "datetime": tokDatetime, "date": tokDatetime,
	"time": tokTimespan, "timespan": tokTimespan, "guid": tokGuid,
}

// IsKeyword tells whether a word is a keyword of the language.
func IsKeyword(word string) bool {
	_, ok := keywords[word]
	return ok
}

// Keywords returns the words of the language, in no order.
func Keywords() []string {
	list := make([]string, 0, len(keywords))
	for w := range keywords {
		list = append(list, w)
	}
	return list
}

// NeedsBrackets tells whether a name must be written as ['name'] to be used in a query.
func NeedsBrackets(name string) bool {
	if name == "" || isDigit(name[0]) {
		return true
	}
	for i := 0; i < len(name); i++ {
		if !isNameByte(name[i]) && (i > 0 || name[i] != '$') {
			return true
		}
	}
	if isBoolWord(name) {
		return true
	}
	class, isWord := keywords[name]
	return isWord && class&nameWord == 0
}
