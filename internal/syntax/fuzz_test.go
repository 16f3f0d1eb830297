package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/source"
)

// FuzzLex demands that tokens cover the text in order, with nothing but blanks and comments between.
func FuzzLex(f *testing.F) {
	for _, text := range wellFormed {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		toks := lex(text, func(d source.Diagnostic) {
			if d.Span.Start < 0 || d.Span.End < d.Span.Start || d.Span.End > len(text) {
				t.Errorf("diagnostic %+v", d)
			}
		})
		for i, tok := range toks {
			if tok.start < last || tok.end < tok.start || tok.end > len(text) {
				t.Fatalf("token %+v after %d", tok, last)
			}
			if (tok.end == tok.start) != (tok.kind == tokEOF) || (i == len(toks)-1) != (tok.kind == tokEOF) {
				t.Fatalf("token %d of %d: %+v", i, len(toks), tok)
			}
			if tok.glued && tok.start != last {
				t.Fatalf("token %+v is not glued to %d", tok, last)
			}
			last = tok.end
		}
	})
}

// FuzzParse demands that parsing does not panic, that spans are sound, and that a well-formed text prints to a
// fixed point.
func FuzzParse(f *testing.F) {
	for _, text := range wellFormed {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, diags := Parse(source.NewFile("", text))
		for _, d := range diags {
			if d.Code == "" || d.Msg == "" || d.Span.Start < 0 || d.Span.End < d.Span.Start || d.Span.End > len(text) {
				t.Errorf("diagnostic %+v", d)
			}
		}
		checkSpans(t, q, text)
		if len(diags) == 0 {
			checkPrint(t, text, q)
		} else {
			Print(q, Pretty)
		}
		ParseParams(text)
	})
}

// TestCutAnywhere parses every beginning of every well-formed text, and each with one byte left out: a cheap part
// of what the fuzz test does, in every run.
func TestCutAnywhere(t *testing.T) {
	for _, text := range wellFormed {
		for i := range text {
			for _, cut := range []string{text[:i], text[:i] + text[i+1:]} {
				q, diags := Parse(source.NewFile("", cut))
				checkSpans(t, q, cut)
				if len(diags) == 0 {
					checkPrint(t, cut, q)
				}
			}
		}
	}
}

// BenchmarkParse parses a query of 10 KB.
func BenchmarkParse(b *testing.B) {
	var text strings.Builder
	text.WriteString("let start = ago(1d);\nSigninLogs\n")
	for i := 0; text.Len() < 10_000; i++ {
		fmt.Fprintf(&text, "| where TimeGenerated between (start .. now()) and ResultType in ('0', '50126') or UserPrincipalName has_any ('a', \"b\")\n")
		fmt.Fprintf(&text, "| extend Column%d = tostring(parse_json(LocationDetails).geo.city[0]), Other%d = iff(isnull(a), 1.5, b + %d)\n", i, i, i)
		fmt.Fprintf(&text, "| summarize hint.strategy=shuffle Count = count(), arg_max(TimeGenerated, *) by bin(TimeGenerated, 1h), IPAddress\n")
	}
	file := source.NewFile("", text.String())
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, diags := Parse(file); len(diags) > 0 {
			b.Fatal(diags)
		}
	}
}
