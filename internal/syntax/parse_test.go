package syntax

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/source"
)

// wellFormed are texts without errors, one or more for each operator, statement and kind of expression. They are
// also the seeds of the fuzz tests.
var wellFormed = []string{
	"",
	"// nothing but a comment",
	"T",
	"#connect here\n#set that\nT | take 1",
	"T | as hint.materialized=true x | count as n",
	"T | assert-schema (a:long, b:string) | consume decodeblocks=true | __executeAndCache",
	"G | graph-match cycles=none (a)-[e*1..3]->(b)<--(c)<-[g]-(h)<-[i]->(j), (a)--(d)-[f]-() where a.x == 1 and all(e, x > 1) project a.name, z = b.y",
	"T | make-graph hint.strategy=shuffle s --> t with Nodes on id, (N2 | where x) on id2 partitioned-by p (graph-match (a)-->(b) project a)",
	"T | make-graph s -- t with_node_id=nid | graph-to-table nodes as N with_node_id=i, edges as E with_source_id=s with_target_id=t",
	"G | graph-shortest-paths output=all (a)-[e*1..5]->(b) where a.n == 'x' project a, e",
	"G | graph-mark-components kind=weak with_component_id=cid | graph-where-nodes x > 1 | graph-where-edges y has 'a'",
	"T | scan with_match_id=m order by a asc, b partition by c declare (x:long=0, y:string) with (step s1 optional output=all: a > 1 => x = s1.x + 1, y = 'a'; step s2 output=last: true; )",
	"T | make-series kind=nonempty n=count() default=0, avg(x) default=real(null) on ts from ago(1d) to now() step 1h by a, bin(b, 5)",
	"T | make-series n=count() on ts in range(ago(1d), now(), 1h) by a",
	"T | mv-apply with_itemindex=i x = d.arr to typeof(string), y limit 10 id 5 on (where x > 1 | summarize count() by i) | mv-expand kind=array bagexpansion=bag a = b.c to typeof(long), d limit 100",
	"T | mvexpand a | mv-apply to typeof(long) on (take 1) | mv-apply a on (__contextual_datatable 5 (x:long) | take 1)",
	"T | parse kind=regex flags=Ui x with * 'a' b:long 'c' d * | parse-where y with 'x' z:string | parse-kv k as (a:long, b:string) with (pair_delimiter=' ', kv_delimiter='=', quote='\"', greedy=true)",
	"T | partition hint.strategy=native by a (top 1 by b | project c) | partition by x { T2 | where a == x } | partition by a in f(x) (take 1)",
	"T | __partitionby hint.materialized=true a id '74be27de' (take 1)",
	"range x from 1 to 10 step 1 | reduce threshold=0.1 by x with threshold=0.1, characters='-'",
	"T | render timechart kind=stacked title='abc' by a, b with (title=\"x\", ymin=1, ymax=2.5, xcolumn=a, ycolumns=a, b, series=c, legend=hidden)",
	"T | render foo accumulate=true with (, kind=unstacked) | sample 5 | sample-distinct 5 of x",
	"search kind=case_sensitive in (T*, database('x').Y, Z | as W) 'abc' and x:'y' or * has 'b'",
	"search * and a == 1",
	"find withsource=s in (T, U*) where a == 1 project a, b:string, pack(*)",
	"find in (T) where a == 1 project a, pack_all()",
	"macro-expand X in g (X.T | take 1)",
	"macro-expand kind=inner X in entity_group [database('d')] (let y = 1; X.T)",
	"find datascope=all 'abc' project-smart",
	"find where a == 1 project a __projectAway b",
	"union kind=outer withsource=t isfuzzy=true hint.concurrency=4 T*, (U | where x), database('a').B*, cluster('x').database('y').Z, ['abc*'], view()",
	"T | top-nested 5 of a with others='o' by count() desc nulls last, top-nested of b by sum(c) asc",
	"T | top 5 by a desc nulls first | top-hitters 5 of a by b | order by a, b asc nulls last | sort by granny granny-asc",
	"T | fork a=(where x | take 1) (summarize count()) b=(T2 | take 3)",
	"T | facet by a, b with (where x | take 1) | facet by c with take 2",
	"T | evaluate hint.distribution=per_node bag_unpack(d, 'p_', dynamic(['a'])) : (*, a:long, b:string) | invoke f(1, x=2).g()",
	"T | lookup kind=leftouter (D) on a, $left.b == $right.c | join hint.strategy=broadcast kind=inner (U) on a | join (X) where a == b",
	"T | project-away a*, *b, c | project-keep *x*y*, z1*2 | project-reorder a*, b asc, c granny-desc | project-rename x = y | project-by-names 'a', x",
	"T | summarize hint.shufflekey=a hint.strategy=shuffle n=count(), (a, b)=arg_max(c, *) by bin(t, 1h), k = x bin=1h",
	"T | distinct hint.num_partitions=4 *, a | serialize rn = row_number() | getschema kind=csl",
	"let f = view (a:long=1, b:dynamic=dynamic({\"x\":[1,-2,null,datetime(2020-01-01)]}), T:(x:long, y:string), U:(*)) { let z = a; declare query_parameters(q:long=5); T | where x == z; }; f(1, T)",
	"let m = materialize(T | where a); let eg = entity_group [cluster('a').database('b'), database('c')]; macro-expand isfuzzy=true eg as S (let x = 1; S.T | where a == x)",
	"macro-expand entity_group('x') as e (e.T; e.U) | take 1",
	"declare query_parameters(a:long = 5, b:string = ~~~x~~~); set querytrace; set notruncation = true; alias database x = cluster('a').database('b'); restrict access to (T, database('x').*, U*) with (AllowManagedIdentityAuthentication=true); T",
	"declare pattern app = (a:string, b:string)[scope:string] { ('x', 'y').['z'] = { T | where a }; ('p','q') = { let w = 1; U }; }; app('x','y').['z']",
	"declare pattern foo; foo('x')",
	"datatable(a:long, b:string, c:dynamic, d:datetime)[1, 'a', dynamic([1,2]), datetime(2020-01-01), -1, \"x\" 'y', dynamic(null), datetime(null),]",
	"externaldata(a:string, b:long)[h@'https://x/y;secret', 'b'] with (format='csv', ignoreFirstRecord=true, ['x y']=y) | where a has 'b'",
	"print toscalar kind=nooptimization (T | summarize count()), x = totable(T | take 1), a between (1 .. 5), b !between (ago(1d)..now()), c in ('a', 'b'), d in~ (T | project x), e has_any (dynamic(['a'])), f !in (1), g has_all ('a')",
	"print -1 - -2 + +3 * 4 / 5 % 6 < 7 and 8 >= 9 or not(a) == b, x.y.['z'].w[0][-1]['k'], a.b.c(), [1], ['a b'].c, 1 .e5",
	"print 1tick, 2microseconds, 1.5h, 0x1F, 1e5, 1.5e-3, 1., time(1.02:03:04), guid(74be27de-1e4e-49d9-b579-fe0b331d3642), decimal(1.5), int(5), long(null), real(nan), bool(true), date(2020-01-01)",
	"print @'a''b', @\"a\"\"b\", h'x', H\"y\", ```multi\nline```, ~~~x\ny~~~, 'a' \"b\" 'c', 'esc\\n\\u0041\\x41\\101\\\\'",
	"print a matches regex 'x', b contains_cs 'y', c notcontains 'z', d !startswith 'w', e !hasprefix_cs 'v', f like 'u', g <> 1, h =~ 'a', i !~ 'b', j : 'k'",
	"T | where kind == 1 and with_source == 2 or withsource > 3 | extend where = 1, by = 2, ['a b'] = 3, (x, y) = f() | project order, sort, let, view, count, top, on, id, nulls, filter",
	"inline_external_table (a:long, b:string) kind=storage partition by (c:datetime = startofday(x), d:string) pathformat=('p/' c datetime_pattern('yyyy', c) '/x') dataformat=csv ('https://x') with (a=b)",
	"inline_external_table kind=delta ('https://x')",
	"materialized-view-combine ('v') base (T | where x) delta (U) aggregations (summarize count() by a)",
	"T datascope=hotcache | where a | count",
	"T | where x in ((U | project y)) and y in (range(1,5)) and z in (print 1)",
	"print {p}, {q[1]}, {r[-1]} | where {s} == 1",
	"T | extend typeof(long), typeof(a:long, *), typeof(string) | evaluate f() : (a:long,)",
	"T | project 3abc, 1d2, _x, $left.a, @",
	"let a = 1; let b = 'x'; T | where a == b;",
	"evaluate f() | where x; range(1, 5); T | filter count() > 1 | limit 5 | mvapply a on (take 1)",
	"T | where a\u00a0== 1 // a comment\n| count",
	"x-project-away0",
	"T | as x\n| project-rename a = ['b c'], ['d'] = e",
}

// TestWellFormed demands of every well-formed text: no diagnostics, sound spans, and a print that is a fixed point.
func TestWellFormed(t *testing.T) {
	for _, text := range wellFormed {
		q, diags := Parse(source.NewFile("", text))
		if len(diags) > 0 {
			t.Errorf("%s\n%v", text, diags)
			continue
		}
		checkSpans(t, q, text)
		checkPrint(t, text, q)
	}
}

// TestOperatorsCovered demands that the table of operators is in order and that every operator occurs among the
// well-formed texts under each of its words.
func TestOperatorsCovered(t *testing.T) {
	seen := map[string]bool{}
	for _, text := range wellFormed {
		q, _ := Parse(source.NewFile("", text))
		Walk(q, func(n Node) bool {
			if op, ok := n.(Op); ok {
				seen[op.Word()] = true
				info := LookupOperator(op.Word())
				if got := text[op.WordSpan().Start:op.WordSpan().End]; info == nil || got != op.Word() {
					t.Errorf("operator %q (%v) at %q", op.Word(), info, got)
				}
			}
			return true
		})
	}
	last := ""
	for _, o := range Operators() {
		if o.Word <= last {
			t.Errorf("%s stands after %s", o.Word, last)
		}
		last = o.Word
		if o.Doc == "" || strings.HasSuffix(o.Doc, ".") || !o.Begins && !o.Follows {
			t.Errorf("%s: incomplete: %+v", o.Word, o)
		}
		for _, w := range append([]string{o.Word}, o.Aliases...) {
			if !IsKeyword(w) {
				t.Errorf("%s is no keyword", w)
			}
			if !seen[w] {
				t.Errorf("no well-formed text uses %s", w)
			}
		}
	}
}

// checkSpans demands that spans lie in the text, that each node holds its children, and that children stand in the
// order of the text. Nodes for what is missing are empty and may stand at either side of the blanks around them.
func checkSpans(t *testing.T, root Node, text string) {
	t.Helper()
	Walk(root, func(n Node) bool {
		s := n.Span()
		if s.Start < 0 || s.End < s.Start || s.End > len(text) {
			t.Errorf("%T has the span %v in a text of %d bytes: %q", n, s, len(text), text)
			return false
		}
		last := s.Start
		for _, c := range n.Children() {
			if reflect.ValueOf(c).IsNil() {
				t.Errorf("%T has an absent child: %q", n, text)
				return false
			}
			cs := c.Span()
			if cs.Len() == 0 {
				continue
			}
			if cs.Start < last || cs.End > s.End {
				t.Errorf("%T %v has the child %T %v after %d: %q", n, s, c, cs, last, text)
				return false
			}
			last = cs.Start
		}
		return true
	})
}

// TestTree pins the shape of trees: types and names, written as in dump.
func TestTree(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"T", "ExprStmt(Ident:T)"},
		{"T | take 5", "ExprStmt(Pipe(Ident:T TakeOp(Lit:5)))"},
		{"print 1 | take 5", "ExprStmt(Pipe(PrintOp(Lit:1) TakeOp(Lit:5)))"},
		{"a or b and c == d + e * f has g", "ExprStmt(Binary:or(Ident:a Binary:and(Ident:b Binary:==(Ident:c Binary:+(Ident:d Binary:*(Ident:e Binary:has(Ident:f Ident:g)))))))"},
		{"a - b - c", "ExprStmt(Binary:-(Binary:-(Ident:a Ident:b) Ident:c))"},
		{"-a.b[0]", "ExprStmt(UnaryExpr(IndexExpr(PathExpr(Ident:a Ident:b) Lit:0)))"},
		{"a[['b']]", "ExprStmt(IndexExpr(Ident:a Ident:b))"},
		{"a['b']", "ExprStmt(IndexExpr(Ident:a Lit:'b'))"},
		{"a.['b']", "ExprStmt(PathExpr(Ident:a Ident:b))"},
		{"a in (1, 2)", "ExprStmt(Binary:in(Ident:a ListExpr(Lit:1 Lit:2)))"},
		{"a !in~ (T | take 1)", "ExprStmt(Binary:!in~(Ident:a ListExpr(Pipe(Ident:T TakeOp(Lit:1)))))"},
		{"a between (1 .. 2)", "ExprStmt(Binary:between(Ident:a RangeExpr(Lit:1 Lit:2)))"},
		{"a <> b", "ExprStmt(Binary:!=(Ident:a Ident:b))"},
		{"a notcontains b", "ExprStmt(Binary:!contains(Ident:a Ident:b))"},
		{"f(a, *, b=1)", "ExprStmt(CallExpr(Ident:f Ident:a StarExpr NamedExpr(Ident:b Lit:1)))"},
		{"toscalar(T | count)", "ExprStmt(CallExpr(Ident:toscalar Pipe(Ident:T CountOp)))"},
		{"let x = materialize(T | count)", "LetStmt(Ident:x CallExpr(Ident:materialize Pipe(Ident:T CountOp)))"},
		{"let f = (a:long, T:(*)) { T }", "LetStmt(Ident:f FuncExpr(Param(Ident:a TypeName:long) Param(Ident:T SchemaType) FuncBody(Ident:T)))"},
		{"T | join kind=inner (U) on a", "ExprStmt(Pipe(Ident:T JoinOp(OpParam:kind(Ident:inner) ParenExpr(Ident:U) Ident:a)))"},
		{"union T*, database('d').U", "ExprStmt(Pipe(UnionOp(Ident:T* PathExpr(CallExpr(Ident:database Lit:'d') Ident:U))))"},
		{"T | sort by a asc nulls first, b", "ExprStmt(Pipe(Ident:T SortOp(OrderedExpr(Ident:a) Ident:b)))"},
		{"T | parse x with 'a' b:long *", "ExprStmt(Pipe(Ident:T ParseOp(Ident:x Lit:'a' ColumnDecl(Ident:b TypeName:long) StarExpr)))"},
		{"print dynamic({'a':[1,-2]})", "ExprStmt(Pipe(PrintOp(DynamicLit(ObjectLit(ObjectPair(Lit:'a' ArrayLit(Lit:1 UnaryExpr(Lit:2))))))))"},
		// recovery: what is there is kept
		{"T | where | take 5", "ExprStmt(Pipe(Ident:T WhereOp(BadExpr) TakeOp(Lit:5)))"},
		{"T | foo bar (1 | 2) | take 5", "ExprStmt(Pipe(Ident:T BadOp TakeOp(Lit:5)))"},
		{"T ) U; V", "ExprStmt(Ident:T) ExprStmt(Ident:V)"},
		{"let a = ; T", "LetStmt(Ident:a BadExpr) ExprStmt(Ident:T)"},
		{"T | extend a =, b = 2", "ExprStmt(Pipe(Ident:T ExtendOp(NamedExpr(Ident:a BadExpr) NamedExpr(Ident:b Lit:2))))"},
		{"T | summarize count( by x", "ExprStmt(Pipe(Ident:T SummarizeOp(CallExpr(Ident:count) Ident:x)))"},
	} {
		q, _ := Parse(source.NewFile("", c.text))
		var parts []string
		for _, s := range q.Stmts {
			parts = append(parts, dump(s))
		}
		if got := strings.Join(parts, " "); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
		checkSpans(t, q, c.text)
	}
}

// dump writes a tree as Type:name(children).
func dump(n Node) string {
	s := strings.TrimPrefix(fmt.Sprintf("%T", n), "*syntax.")
	switch n := n.(type) {
	case *Ident:
		s += ":" + n.Name
	case *Lit:
		s += ":" + n.Raw
	case *TypeName:
		s += ":" + n.Name
	case *OpParam:
		s += ":" + n.Name
	case *BinaryExpr:
		s = "Binary:" + string(n.Op)
	}
	var parts []string
	for _, c := range n.Children() {
		parts = append(parts, dump(c))
	}
	if len(parts) > 0 {
		s += "(" + strings.Join(parts, " ") + ")"
	}
	return s
}

// TestDiagnostics pins the code and place of the first fault, which are those of Microsoft's parser, one example
// for each code at least.
func TestDiagnostics(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"print 'abc", "KS001@10 expected ' before the end of the literal"},
		{"print datetime(2020-01-01\n", "KS001@25 expected ) before the end of the literal"},
		{`print "a\q"`, `KS001@8 expected " before the end of the literal`},
		{"print ^", "KS002@6 unexpected character '^'"},
		{"T | where ä == 1", "KS002@10 unexpected character 'ä'"},
		{"T | sort Name", "KS005@9 expected 'by', found 'Name'"},
		{"T | join kind=inner (U on x", "KS005@23 expected ')', found 'on'"},
		{"T | project a b", "KS005@14 expected ',', found 'b'"},
		{"let a = 1 T", "KS005@10 expected ';', found 'T'"},
		{"T | where", "KS006@9 expected an expression, found the end of the query"},
		{"T | where x ==", "KS006@14 expected an expression, found the end of the query"},
		{"T | extend a = where", "KS006@15 expected an expression, found 'where'"},
		{"T | as", "KS006@6 expected a name, found the end of the query"},
		{"let f = (a:) { a }; f(1)", "KS006@11 expected a type, found ')'"},
		{"T | lookup (U)", "KS006@14 expected on and a condition, found the end of the query"},
		{"T | evaluate", "KS006@12 expected the call of a plugin, found the end of the query"},
		{"T | sort by a nulls", "KS006@19 expected first or last, found the end of the query"},
		{"print dynamic({'a':x})", "KS006@19 expected a JSON value, found 'x'"},
		{"print dynamic({,})", "KS006@15 expected a pair of name and value, found ','"},
		{"print dynamic({1})", "KS006@15 expected a string and a colon, found '1'"},
		{"datatable", "KS006@9 expected a schema such as (name:type), found the end of the query"},
		{"let f = (a:long,) { 1 }; f()", "KS006@16 expected name:type, found ')'"},
		{"let f = (a:float) { a }; f(1)", "KS160@11 the type 'float' cannot be used here"},
		{"T | foo", "KS176@4 expected a query operator, found 'foo'"},
		{"T | | take 1", "KS176@4 expected a query operator, found '|'"},
		{"T )", "KS198@2 unexpected ')'"},
		{"T;;U", "KS198@2 unexpected ';'"},
		{"print 74be27de-1e4e-49d9-b579-fe0b331d3642", "KS214@6 a guid must be written as guid(...) here"},
		{"G | graph-match where a", "KS217@16 expected a pattern such as (a)-[e]->(b), found 'where'"},
		{"T | where project == 1", "KS228@10 the name 'project' is not allowed here without brackets"},
		{"T | project my-name = 1", "KS228@12 the name 'my-name' is not allowed here without brackets"},
		{"G | graph-to-table", "KS230@18 expected nodes or edges, found the end of the query"},
		{"inline_external_table (a:long) kind=storage partition by (b:long,,) dataformat=csv ('x')", "KS252@65 expected a column such as name:type, found ','"},
		{"inline_external_table (a:long) kind=storage ('x')", "KS253@44 expected dataformat=..., found '('"},
		{"inline_external_table (a:long) dataformat=csv ('x')", "KS254@31 expected kind=..., found 'dataformat'"},
		{"inline_external_table (a:long) kind=storage pathformat=() dataformat=csv ('x')", "KS255@56 expected a column of the path, found ')'"},
		{"inline_external_table (a:long) kind=storage dataformat=csv", "KS256@58 expected the connection strings, found the end of the query"},
		{"inline_external_table (a:long) kind=storage pathformat=(1) dataformat=csv ('x')", "KS257@56 expected a column, a string or datetime_pattern(...), found '1'"},
		{"inline_external_table (a:long) kind=storage partition by (b:real) dataformat=csv ('x')", "KS258@60 expected datetime, long or string, found 'real'"},
		{strings.Repeat("(", 2000), fmt.Sprintf("VQ050@%d the query is nested too deeply", maxDepth-1)},
		{"print dynamic(" + strings.Repeat("[", 2000), "VQ050@" + fmt.Sprint(14+maxDepth-3) + " the query is nested too deeply"},
		{"print " + strings.Repeat("a or ", maxChain+10) + "b", "VQ051@" + fmt.Sprint(6+5*maxChain+2) + " the expression has too many terms"},
		{"print a" + strings.Repeat(".b", maxChain+10), "VQ051@" + fmt.Sprint(7+2*maxChain) + " the expression has too many terms"},
		{".show tables", "VQ052@0 the management command '.show tables' is not supported"},
		{" // all\n.create-merge table T (a:int)", "VQ052@8 the management command '.create-merge table' is not supported"},
		{".set-or-append T <| print 1", "VQ052@0 the management command '.set-or-append' is not supported"},
		{".drop", "VQ052@0 the management command '.drop' is not supported"},
		{".", "VQ052@0 management commands are not supported"},
		{". show tables", "VQ052@0 management commands are not supported"},
		{"print 1; .show tables", "VQ052@9 the management command '.show tables' is not supported"},
		{"print 1; .5", "KS198@9 unexpected '.'"},
	} {
		q, diags := Parse(source.NewFile("", c.text))
		got := "nothing"
		if len(diags) > 0 {
			d := diags[0]
			got = fmt.Sprintf("%s@%d %s", d.Code, d.Span.Start, d.Msg)
		}
		if got != c.want {
			t.Errorf("%.80s\n got %s\nwant %s", c.text, got, c.want)
		}
		checkSpans(t, q, c.text)
	}
}

// TestSeveralDiagnostics demands that the faults of all statements are found, each once, with a hint where there
// is one.
func TestSeveralDiagnostics(t *testing.T) {
	file := source.NewFile("q", "let a = ;\nT | where x = | take\n| extend project == 1")
	_, diags := Parse(file)
	ds := source.Diagnostics{File: file, List: diags}
	want := `q:1:9: error KS006: expected an expression, found ';'
  let a = ;
          ~
q:2:15: error KS006: expected an expression, found '|'
  T | where x = | take
                ~
q:3:1: error KS006: expected an expression, found '|'
  | extend project == 1
  ~
q:3:10: error KS228: the name 'project' is not allowed here without brackets
  | extend project == 1
           ~~~~~~~
  hint: write ['project']`
	if got := ds.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestDeepNesting demands that no nesting exhausts the stack.
func TestDeepNesting(t *testing.T) {
	for _, c := range []struct{ before, part string }{
		{"", "("}, {"", "f("}, {"", "-("}, {"", "a["}, {"", "["}, {"", "a.b("}, {"", "not("}, {"", "toscalar("},
		{"print dynamic(", "["}, {"print dynamic(", `{"a":`}, {"print ", "dynamic("}, {"", "union ("}, {"", "join ("}, {"", "fork ("},
		{"", "facet by a with ("}, {"", "facet by a with "}, {"", "mv-apply a on ("}, {"", "partition by a ("},
		{"", "T | where x in ("}, {"", "T | join ("}, {"T | where ", "a between (1 .. "},
		{"", "let f = () { "}, {"", "macro-expand e ("}, {"", "let x = materialize("},
	} {
		text := c.before + strings.Repeat(c.part, 100_000)
		q, diags := Parse(source.NewFile("", text))
		deep := false
		for _, d := range diags {
			deep = deep || d.Code == "VQ050"
		}
		if want := c.part != "let x = materialize("; deep != want || len(diags) > maxDiags {
			t.Errorf("%s: %d diagnostics, too deep: %v", c.part, len(diags), deep)
		}
		Walk(q, func(Node) bool { return true })
	}
}

// TestParseExpr covers the entry points other than Parse.
func TestParseExpr(t *testing.T) {
	for _, c := range []struct {
		text, want string
		bad        bool
	}{
		{"a + 1", "a + 1", false},
		{"T | take 1", "T | take 1", false},
		{"", "", true},
		{"a b", "a", true},
	} {
		x, diags := ParseExpr(c.text)
		if got := Print(x, Compact); got != c.want || len(diags) > 0 != c.bad {
			t.Errorf("%q: got %q, %v", c.text, got, diags)
		}
	}
	body, diags := ParseBody(source.NewFile("", "let a = 1;\nT | where x == a;"))
	if len(diags) > 0 || len(body.Stmts) != 1 || body.Result == nil {
		t.Errorf("body: %v %v", Print(body, Compact), diags)
	}
}

func TestParseParams(t *testing.T) {
	for _, c := range []struct {
		text, want string
		bad        bool
	}{
		{"", "", false},
		{"()", "", false},
		{"disabled:bool=false", "disabled:bool=false", false},
		{"T:(a:long, b:string), U:(*), starttime:datetime=datetime(null)", "T:(a:long, b:string); U:(*); starttime:datetime=datetime(null)", false},
		{"(x:dynamic=dynamic([]), y:timespan=-1d)", "x:dynamic=dynamic([]); y:timespan=-1d", false},
		{"a", "a:", true},
		{"a:nothing", "a:nothing", true},
		{"a:long b:long", "a:long; b:long", true},
		{"a:long) { 1 }", "a:long", true},
	} {
		params, diags := ParseParams(c.text)
		var parts []string
		for _, p := range params {
			parts = append(parts, Print(p, Compact))
		}
		if got := strings.Join(parts, "; "); got != c.want || len(diags) > 0 != c.bad {
			t.Errorf("%q: got %q, %v", c.text, got, diags)
		}
	}
}

// TestPrint pins the two styles.
func TestPrint(t *testing.T) {
	text := "let f=(a:long=1){T|where x==a|summarize count()by y};\nf(2) // call\n| join kind=inner(U|project y) on y"
	q, _ := Parse(source.NewFile("", text))
	for _, c := range []struct {
		style Style
		want  string
	}{
		{Compact, "let f = (a:long=1) {T | where x == a | summarize count() by y}; f(2) | join kind=inner (U | project y) on y"},
		{Pretty, `let f = (a:long=1) {
    T
    | where x == a
    | summarize count() by y
};
f(2)
| join kind=inner (
    U
    | project y
) on y`},
	} {
		if got := Print(q, c.style); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
}
