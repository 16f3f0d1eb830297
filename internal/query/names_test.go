package query_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/catalog"
	"github.com/vedette-siem/vedette/internal/query"
	"github.com/vedette-siem/vedette/internal/source"
)

// TestNamesAndTypes: which queries compile, what their columns are called, and the code of those that do not.
func TestNamesAndTypes(t *testing.T) {
	const tbl = "let T=datatable(a:string,b:long,d:dynamic,t:datetime)[]; let U=datatable(b:int,c:real)[]; "
	eng := newEngine(t, catalog.Builtin())
	for _, c := range []struct{ query, want string }{
		// a column that is passed on keeps its name, an expression named after its parts gives way
		{"T | project a, tostring(a)", "KS171"},
		{"T | project a, a=b", "KS171"},
		{"T | project bin(t, 1d), t", "t:datetime t1:datetime"},
		{"T | project tostring(b), b", "b:string b1:long"},
		{"T | project d.x, d_x=1", "d_x:dynamic d_x1:long"},
		{"T | project b | extend b=1, tostring(b)", "b:string"},
		{"T | project b | extend x=1, x=2", "KS171"},
		{"T | summarize by a, a", "KS171"},
		{"T | summarize count(), count_=dcount(a)", "count_:long count_1:long"},
		{"T | summarize arg_max(t, a), a=count()", "t:datetime a:string a1:long"},
		{"T | project a, b | distinct a, *", "a:string b:long"},
		{"T | project a, b | distinct *, a", "a:string b:long a1:string"},
		{"T | project-reorder a, b, a", "KS171"},
		{"T | project-away z*", "KS142"},
		// keys are no columns beside aggregates
		{"T | summarize strcat(a, count()) by a", "KS236"},
		// a union's names are given out in order
		{"union (print x=1), (print x='a'), (print x_long='b')", "x_long:long x_string:string x_long1:string"},
		// an open table stays open behind the operators that choose columns
		{"_GetWatchlist('w') | summarize n=count() by k | project n, other", "n:long other:dynamic"},
		{"_GetWatchlist('w') | count | project other", "KS142"},
		{"union isfuzzy=true T, Missing | project a, other", "a:string other:dynamic"},
		{"_GetWatchlist('w') | project-rename k=SearchKey, o=other | project k, o", "k:string o:dynamic"},
		// keys of joins
		{"T | join kind=inner U on b", "KS227"},
		{"T | project b | join kind=inner U on $left.b == $right.b", "b:long b1:int c:real"},
		{"T | join kind=inner U on $left.b == $right.c", "KS242"},
		// parameters take any scalar, defaults only their own type
		{"let f=(p:guid){p}; T | project x=f(t), y=f(a)", "x:guid y:guid"},
		{"let f=(p:long){p}; print x=f('12')", "x:long"},
		{"let f=(p:long='a'){p}; print x=f()", "KS141"},
		{"declare query_parameters(p:timespan=1); print x=p", "KS141"},
		// arguments
		{"print strlen()", "KS119"}, {"print strcat()", "KS120"}, {"print case(true, 1, false, 2)", "KS121"},
		{"print substring('a', 'b')", "KS134"}, {"print exp('a')", "KS137"}, {"print array_length('a')", "KS234"},
		{"print bag_keys('a')", "KS235"}, {"print bin('a', 1)", "KS127"}, {"print hash(dynamic(1))", "KS116"},
		{"print ago(dynamic(null))", "KS107"}, {"print parse_url(dynamic({}))", "KS107"},
		{"print x = 'a' has dynamic(['a'])", "KS106"}, {"print x = dynamic([decimal(1)])", "KS215"},
		{"T | project x = d[now()]", "KS141"}, {"T | project x = d[d]", "x:dynamic"},
		{"T | top 'a' by b", "KS134"}, {"T | where a", "KS141"}, {"T | where a and true", "KS106"},
		// a date ends where a date ends
		{"T | parse a with 'x' when:datetime * | project when", "when:datetime"},
		{"T | parse a with 'x' bag:dynamic *", "KS140"},
	} {
		got := ""
		res, err := eng.Compile(context.Background(), query.Request{File: source.NewFile("", tbl+c.query), Now: evaluated, Check: true})
		var faults *source.Diagnostics
		switch {
		case errors.As(err, &faults):
			got = faults.List[0].Code
		case err != nil:
			t.Fatalf("%s: %v", c.query, err)
		default:
			var cols []string
			for _, col := range res.Columns {
				cols = append(cols, col.Name+":"+col.Type.String())
			}
			got = strings.Join(cols, " ")
		}
		if got != c.want {
			t.Errorf("%s\nwant %s\ngot  %s %v", c.query, c.want, got, err)
		}
	}
}
