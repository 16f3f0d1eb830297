package rule

import (
	"regexp"
	"strings"

	"github.com/vedette-siem/vedette/internal/source"
)

// queryText is a query whose comments and string literals are blanked, for the few rules of the service that
// look at the query's words. Everything else about the query is the compiler's matter.
type queryText struct {
	plain string // as long as the query, byte for byte
	outer func(int) int
}

func newQueryText(query string, outer func(int) int) queryText {
	return queryText{blankLiterals(query), outer}
}

// blankLiterals replaces comments and string literals by blanks.
// https://learn.microsoft.com/kusto/query/scalar-data-types/string
func blankLiterals(q string) string {
	b := []byte(q)
	blank := func(from, to int) {
		for i := from; i < min(to, len(b)); i++ {
			if b[i] != '\n' {
				b[i] = ' '
			}
		}
	}
	for i := 0; i < len(q); {
		switch {
		case strings.HasPrefix(q[i:], "//"):
			end := i
			for end < len(q) && q[end] != '\n' {
				end++
			}
			blank(i, end)
			i = end
		case strings.HasPrefix(q[i:], "```"):
			end := len(q)
			if n := strings.Index(q[i+3:], "```"); n >= 0 {
				end = i + 3 + n + 3
			}
			blank(i, end)
			i = end
		case q[i] == '"' || q[i] == '\'':
			verbatim := i > 0 && q[i-1] == '@'
			end := i + 1
			for end < len(q) && q[end] != q[i] && q[end] != '\n' {
				if q[end] == '\\' && !verbatim {
					end++
				}
				end++
			}
			blank(i, end+1)
			i = end + 1
		default:
			i++
		}
	}
	return string(b)
}

var starPattern = regexp.MustCompile(`\b(?:search(?:\s+kind\s*=\s*\w+)?|union(?:\s+\w+\s*=\s*[\w.]+)*)\s+\*(?:[\s,|);]|$)`)

// star finds search * or union *, which would read every table.
func (t queryText) star() (text string, span source.Span, ok bool) {
	at := starPattern.FindStringIndex(t.plain)
	if at == nil {
		return "", span, false
	}
	end := at[0] + strings.LastIndexByte(t.plain[at[0]:at[1]], '*') + 1
	return strings.Join(strings.Fields(t.plain[at[0]:end]), " "), source.Span{Start: t.outer(at[0]), End: t.outer(end)}, true
}

var legacyColumn = regexp.MustCompile(`\b(?:Account|Host|IP|URL|Process|FileHash)CustomEntity\b`)

// legacy returns the legacy entity columns that the query names, each once with its first place.
func (t queryText) legacy() (columns []string, spans []source.Span) {
	seen := map[string]bool{}
	for _, at := range legacyColumn.FindAllStringIndex(t.plain, -1) {
		name := t.plain[at[0]:at[1]]
		if !seen[name] {
			seen[name] = true
			columns, spans = append(columns, name), append(spans, source.Span{Start: t.outer(at[0]), End: t.outer(at[1])})
		}
	}
	return columns, spans
}
