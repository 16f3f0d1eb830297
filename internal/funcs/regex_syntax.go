package funcs

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// Kusto's regular expressions are those of Rust's regex crate: \d, \w and \s are Unicode classes, and there
// are escapes that RE2 lacks. RE2Pattern rewrites a pattern for Go's and DuckDB's RE2, which agree.
// https://learn.microsoft.com/kusto/query/regex

const (
	unicodeDigit = `\p{Nd}`
	// Alphabetic, marks, digits, connectors and joiners, as UTS#18 defines a word character.
	unicodeWord  = `\p{L}\p{M}\p{Nl}\p{Nd}\p{Pc}\x{200c}\x{200d}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}`
	unicodeSpace = `\t-\r \x{85}\p{Z}`
)

var errRegexSet = errors.New("set operations inside a character class are not supported in regular expressions")

// RE2Pattern returns the RE2 form of one of Kusto's regular expressions, or an error where there is none.
// \b and \B see ASCII letters only; \< and \> are taken as \b, which is the same before and after a word.
func RE2Pattern(pattern string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\\':
			n, err := rewriteEscape(&b, pattern[i:], false)
			if err != nil {
				return "", err
			}
			i += n
		case c == '[':
			n, err := rewriteClass(&b, pattern[i:])
			if err != nil {
				return "", err
			}
			i += n
		case strings.HasPrefix(pattern[i:], "(?<") && !strings.HasPrefix(pattern[i:], "(?<=") && !strings.HasPrefix(pattern[i:], "(?<!"):
			b.WriteString("(?P<")
			i += 3
		case c == '{':
			n := repetition(&b, pattern[i:])
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	out := b.String()
	if _, err := regexp.Compile(out); err != nil {
		var se *syntax.Error
		if errors.As(err, &se) {
			return "", fmt.Errorf("invalid regular expression '%s': %s: %s", pattern, se.Code, se.Expr)
		}
		return "", fmt.Errorf("invalid regular expression '%s': %w", pattern, err)
	}
	return out, nil
}

var repetitionForm = regexp.MustCompile(`^\{[ \t]*(\d+)[ \t]*(?:(,)[ \t]*(\d*)[ \t]*)?\}`)

// repetition copies {n,m}, in which Rust allows blanks; any other brace is a literal.
func repetition(b *strings.Builder, s string) int {
	m := repetitionForm.FindStringSubmatch(s)
	if m == nil {
		b.WriteString(`\{`)
		return 1
	}
	b.WriteString("{" + m[1] + m[2] + m[3] + "}")
	return len(m[0])
}

// rewriteEscape writes the escape at the start of s and returns its length.
func rewriteEscape(b *strings.Builder, s string, inClass bool) (int, error) {
	if len(s) < 2 {
		return 0, errors.New(`invalid regular expression: it ends in a backslash`)
	}
	class := func(set string, negated bool) {
		switch {
		case !inClass && negated:
			b.WriteString("[^" + set + "]")
		case !inClass:
			b.WriteString("[" + set + "]")
		case negated:
			b.WriteString(complement(set))
		default:
			b.WriteString(set)
		}
	}
	switch c := s[1]; c {
	case 'd':
		b.WriteString(unicodeDigit)
	case 'D':
		b.WriteString(`\P{Nd}`)
	case 'w', 'W':
		class(unicodeWord, c == 'W')
	case 's', 'S':
		class(unicodeSpace, c == 'S')
	case '<', '>':
		if inClass {
			b.WriteByte(c)
		} else {
			b.WriteString(`\b`)
		}
	case 'b':
		b.WriteString(`\b`)
		for _, form := range []string{"{start}", "{end}", "{start-half}", "{end-half}"} {
			if strings.HasPrefix(s[2:], form) {
				return 2 + len(form), nil
			}
		}
	case 'p', 'P':
		n := 3
		if len(s) > 2 && s[2] == '{' {
			n = strings.IndexByte(s, '}') + 1
		}
		if n <= 0 || n > len(s) {
			return 0, fmt.Errorf(`invalid regular expression: bad character class at '%s'`, s[:min(len(s), 10)])
		}
		b.WriteString(propertyName(s[:n]))
		return n, nil
	case 'u', 'U', 'x':
		return rewriteCodePoint(b, s)
	default:
		if c < 0x80 && !isASCIIAlnum(c) {
			if inClass && strings.IndexByte(`\]^-[`, c) < 0 {
				b.WriteByte(c)
			} else if inClass {
				b.WriteString(`\` + string(c))
			} else {
				b.WriteString(regexp.QuoteMeta(string(c)))
			}
			return 2, nil
		}
		b.WriteString(s[:2])
	}
	return 2, nil
}

// propertyNames are long names of Unicode properties for those that RE2 knows.
var propertyNames = map[string]string{
	"letter": "L", "alphabetic": "L", "lowercase_letter": "Ll", "lowercase": "Ll", "uppercase_letter": "Lu", "uppercase": "Lu",
	"mark": "M", "number": "N", "decimal_number": "Nd", "punctuation": "P", "symbol": "S", "separator": "Z", "other": "C",
}

// propertyName rewrites \p{Letter} as \p{L}.
func propertyName(class string) string {
	if len(class) > 4 && class[2] == '{' {
		if short := propertyNames[strings.ToLower(class[3:len(class)-1])]; short != "" {
			return class[:3] + short + "}"
		}
	}
	return class
}

func isASCIIAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// rewriteCodePoint writes \x7F, \x{7F}, \u007F, \u{7F} and \U0000007F as \x{7F}.
func rewriteCodePoint(b *strings.Builder, s string) (int, error) {
	digits, length := "", 0
	if len(s) > 2 && s[2] == '{' {
		if end := strings.IndexByte(s, '}'); end > 0 {
			digits, length = s[3:end], end+1
		}
	} else {
		n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[1]]
		if len(s) >= 2+n {
			digits, length = s[2:2+n], 2+n
		}
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || n > unicode.MaxRune {
		return 0, fmt.Errorf(`invalid regular expression: bad character code at '%s'`, s[:min(len(s), 10)])
	}
	fmt.Fprintf(b, `\x{%x}`, n)
	return length, nil
}

// rewriteClass writes the bracketed class at the start of s and returns its length.
func rewriteClass(b *strings.Builder, s string) (int, error) {
	b.WriteByte('[')
	i := 1
	if i < len(s) && s[i] == '^' {
		b.WriteByte('^')
		i++
	}
	for first := true; i < len(s); first = false {
		switch c := s[i]; {
		case c == ']' && first:
			b.WriteString(`\]`)
			i++
		case c == ']':
			b.WriteByte(']')
			return i + 1, nil
		case c == '[' && strings.HasPrefix(s[i:], "[:") && strings.Contains(s[i:], ":]"):
			n := strings.Index(s[i:], ":]") + 2
			b.WriteString(s[i : i+n])
			i += n
		case c == '[':
			// Rust nests classes here, RE2 takes the bracket literally. Without a second closing bracket only
			// the literal can be meant.
			if rest := s[i+1:]; strings.Count(strings.ReplaceAll(rest, `\]`, ""), "]") > 1 && nestedClass(rest) {
				return 0, errRegexSet
			}
			b.WriteString(`\[`)
			i++
		case strings.HasPrefix(s[i:], "&&"), strings.HasPrefix(s[i:], "~~"), strings.HasPrefix(s[i:], "--") && !first && !strings.HasPrefix(s[i:], "--]"):
			return 0, errRegexSet
		case c == '\\':
			n, err := rewriteEscape(b, s[i:], true)
			if err != nil {
				return 0, err
			}
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return 0, errors.New("invalid regular expression: a character class is not closed")
}

// nestedClass tells whether text behind a bracket inside a class closes twice before anything else opens.
func nestedClass(rest string) bool {
	depth := 2
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '(', ')', '|', '*', '+':
			if depth == 1 {
				return false
			}
		case ']':
			if depth--; depth == 0 {
				return true
			}
		}
	}
	return false
}

var complements = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 2)
	for _, set := range []string{unicodeWord, unicodeSpace} {
		re, err := syntax.Parse("[^"+set+"]", syntax.Perl)
		if err != nil {
			panic("funcs: " + err.Error())
		}
		var b strings.Builder
		for i := 0; i+1 < len(re.Rune); i += 2 {
			fmt.Fprintf(&b, `\x{%x}-\x{%x}`, re.Rune[i], re.Rune[i+1])
		}
		m[set] = b.String()
	}
	return m
})

// complement returns the ranges outside a set, since a class cannot hold a negated class in RE2.
func complement(set string) string { return complements()[set] }

// matchesEmpty tells whether an RE2 pattern can match without consuming text; engines differ in how they
// go on after such a match.
func matchesEmpty(re2 string) bool {
	re, err := syntax.Parse(re2, syntax.Perl)
	return err != nil || minLength(re) == 0
}

func minLength(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return minLength(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min == 0 {
			return 0
		}
		return minLength(re.Sub[0])
	case syntax.OpConcat:
		for _, s := range re.Sub {
			if minLength(s) > 0 {
				return 1
			}
		}
	case syntax.OpAlternate:
		for _, s := range re.Sub {
			if minLength(s) == 0 {
				return 0
			}
		}
		return 1
	}
	return 0
}

// constRE2 returns the RE2 form of an argument that is a constant, valid pattern.
func constRE2(a Arg) (string, bool) {
	if a.Const == nil {
		return "", false
	}
	re, err := RE2Pattern(a.Const.ToText())
	return re, err == nil
}
