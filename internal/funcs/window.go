package funcs

import "github.com/vedette-siem/vedette/internal/types"

// windowFuncs look at other rows, in the order the rows have; contextFuncs at names, columns and tables.
// They are declared for their documentation and completion: the binder knows them by name and makes plan
// nodes of them, so they have neither SQL nor a Go body.
// https://learn.microsoft.com/kusto/query/window-functions
var windowFuncs = []*Func{
	{Name: "row_number", Class: Window, Page: "row-number-function",
		Sigs:     Sigs(RetLong, P("startingIndex", Long).Optional(), P("restart", Bool).Optional()),
		Doc:      "Numbers the rows in their order; counting begins anew where restart is true.",
		Examples: []Example{{`range x from 5 to 7 step 1 | serialize n = row_number() | summarize max(n)`, `3`}, {`range x from 5 to 7 step 1 | serialize n = row_number(0) | summarize max(n)`, `2`}, {`range x from 1 to 4 step 1 | serialize n = row_number(1, x == 3) | summarize max(n)`, `2`}}},
	{Name: "row_cumsum", Class: Window, Page: "row-cumsum-function",
		Sigs:     Sigs(PromotedFrom(0), P("term", Number), P("restart", Bool).Optional()),
		Doc:      "Adds up a column from the first row to this one, anew where restart is true.",
		Examples: []Example{{`range x from 1 to 4 step 1 | serialize s = row_cumsum(x) | summarize max(s)`, `10`}, {`range x from 1 to 4 step 1 | serialize s = row_cumsum(x, x == 3) | summarize max(s)`, `7`}, {`datatable(x:long)[1, long(null), 2] | serialize s = row_cumsum(x) | summarize max(s)`, `3`}}},
	{Name: "row_rank_dense", Aliases: []string{"row_rank"}, Class: Window, Page: "row-rank-dense-function",
		Sigs:     Sigs(RetLong, P("term", NotDynamic), P("restart", Bool).Optional()),
		Doc:      "Counts the different values so far of a column that the rows are sorted by.",
		Examples: []Example{{`datatable(x:long)[1, 1, 2] | sort by x asc | extend r = row_rank_dense(x) | summarize max(r)`, `2`}, {`datatable(x:string)["a"] | sort by x asc | extend r = row_rank_dense(x) | summarize max(r)`, `1`}, {`datatable(x:long)[1, 2, 3] | sort by x asc | extend r = row_rank_dense(x, x == 2) | summarize max(r)`, `2`}}},
	{Name: "row_rank_min", Class: Window, Page: "row-rank-min-function",
		Sigs:     Sigs(RetLong, P("term", NotDynamic), P("restart", Bool).Optional()),
		Doc:      "Gives the number of the first row that has this row's value of a column that the rows are sorted by.",
		Examples: []Example{{`datatable(x:long)[1, 1, 2] | sort by x asc | extend r = row_rank_min(x) | summarize max(r)`, `3`}, {`datatable(x:string)["a"] | sort by x asc | extend r = row_rank_min(x) | summarize max(r)`, `1`}, {`datatable(x:long)[5, 5] | sort by x asc | extend r = row_rank_min(x) | summarize max(r)`, `1`}}},
	{Name: "row_window_session", Class: Window, Page: "row-window-session-function",
		Sigs: Sigs(SameAs(0), P("expr", Datetime), P("maxDistanceFromFirst", Timespan), P("maxDistanceBetweenNeighbors", Timespan), P("restart", Bool).Optional()),
		Doc:  "Gives the time at which this row's session began, for rows sorted by time.",
		Examples: []Example{{`datatable(t:datetime)[datetime(2024-01-01), datetime(2024-01-01 00:01)] | sort by t asc | extend s = row_window_session(t, 1h, 5m) | summarize dcount(s)`, `1`},
			{`datatable(t:datetime)[datetime(2024-01-01), datetime(2024-01-01 00:10)] | sort by t asc | extend s = row_window_session(t, 1h, 5m) | summarize dcount(s)`, `2`},
			{`datatable(t:datetime)[datetime(2024-01-01)] | sort by t asc | extend s = row_window_session(t, 1h, 5m) | project s`, `datetime(2024-01-01)`}}},
	{Name: "prev", Class: Window, Page: "prev-function",
		Sigs:     Sigs(SameAs(0), P("column", Any), P("offset", Long).Optional().Constant(), P("default", Any).Optional().Constant()),
		Doc:      "Gives a column's value in an earlier row, or the default where there is none.",
		Examples: []Example{{`range x from 1 to 3 step 1 | serialize p = prev(x) | summarize sum(p)`, `3`}, {`range x from 1 to 3 step 1 | serialize p = prev(x, 1, 10) | summarize sum(p)`, `13`}, {`range x from 1 to 3 step 1 | serialize p = prev(x, 2) | summarize countif(isnull(p))`, `2`}}},
	{Name: "next", Class: Window, Page: "next-function",
		Sigs:     Sigs(SameAs(0), P("column", Any), P("offset", Long).Optional().Constant(), P("default", Any).Optional().Constant()),
		Doc:      "Gives a column's value in a later row, or the default where there is none.",
		Examples: []Example{{`range x from 1 to 3 step 1 | serialize n = next(x) | summarize sum(n)`, `5`}, {`range x from 1 to 3 step 1 | serialize n = next(x, 1, 10) | summarize sum(n)`, `15`}, {`range x from 1 to 3 step 1 | serialize n = next(x, 2) | summarize countif(isnull(n))`, `2`}}},
}

// contextFuncs are classed with the window functions, since like them they are nothing without what is around.
var contextFuncs = []*Func{
	{Name: "toscalar", Class: Window, Page: "toscalar-function", Sigs: Sigs(Computed(unknownType), P("expression", Any)),
		Doc:      "Gives the first column of a table's first row.",
		Examples: []Example{{`print toscalar(range x from 1 to 3 step 1 | summarize max(x))`, `3`}, {`print toscalar(datatable(x:string)[])`, `""`}, {`print toscalar(datatable(x:long)[])`, `long(null)`}}},
	{Name: "materialize", Class: Window, Page: "materialize-function", Sigs: Sigs(Computed(unknownType), P("expression", Any)),
		Doc:      "Computes a table once for all its uses in the query.",
		Examples: []Example{{`let t = materialize(range x from 1 to 3 step 1); t | union t | count`, `6`}, {`let t = materialize(datatable(x:long)[]); t | count`, `0`}, {`let t = materialize(print x = rand()); t | join kind=inner t on x | count`, `1`}}},
	{Name: "column_ifexists", Aliases: []string{"columnifexists"}, Class: Window, Page: "column-ifexists-function", Sigs: Sigs(SameAs(1), P("columnName", String).Constant(), P("default", Any)),
		Doc:      "Gives the column of a name where the rows have one, else the default.",
		Examples: []Example{{`print x = 1 | project column_ifexists("x", 2)`, `1`}, {`print x = 1 | project column_ifexists("y", 2)`, `2`}, {`print x = 1 | project column_ifexists("y", "")`, `""`}}},
	{Name: "ingestion_time", Class: Window, Page: "ingestion-time-function", Sigs: Sigs(RetDatetime),
		Doc:      "Gives the time at which a row was taken in.",
		Deviates: "rows that were loaded from files have no such time of their own: it is _TimeReceived where a table has it, else TimeGenerated",
		Examples: []Example{{`print x = 1 | project ingestion_time()`, `datetime(null)`}, {`print TimeGenerated = datetime(2024-01-01) | project ingestion_time()`, `datetime(2024-01-01)`}, {`datatable(x:long)[1] | project isnull(ingestion_time())`, `true`}}},
}

// unknownType is the result type of what the binder types itself.
func unknownType([]Arg) types.Type { return types.Unknown }
