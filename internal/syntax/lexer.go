package syntax

import (
	"strings"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/source"
)

// lex cuts a text into tokens; the last one is of kind tokEOF. Faults inside a token (a string without its end)
// go to report.
func lex(text string, report func(source.Diagnostic)) []token {
	l := lexer{text: text, report: report, toks: make([]token, 0, len(text)/5+2)}
	for {
		t := l.next()
		l.toks = append(l.toks, t)
		if t.kind == tokEOF {
			return l.toks
		}
	}
}

type lexer struct {
	text   string
	pos    int
	report func(source.Diagnostic)
	toks   []token
}

// next reads one token.
func (l *lexer) next() token {
	before := l.pos
	l.skipBlanks()
	t := token{start: l.pos, glued: l.pos == before && before > 0}
	switch {
	case l.pos >= len(l.text):
		t.kind = tokEOF
	case isLetter(l.text[l.pos]) || l.text[l.pos] == '_' || l.text[l.pos] == '$':
		l.word(&t)
	case isDigit(l.text[l.pos]):
		l.number(&t)
	default:
		l.punctuation(&t)
	}
	t.end = l.pos
	return t
}

// skipBlanks skips blanks and comments.
func (l *lexer) skipBlanks() {
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f':
			l.pos++
		case c == '/' && strings.HasPrefix(l.text[l.pos:], "//"):
			l.pos = lineEnd(l.text, l.pos)
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(l.text[l.pos:])
			if !isWideBlank(r) {
				return
			}
			l.pos += n
		default:
			return
		}
	}
}

// word reads a keyword, an identifier, or a literal that begins with a letter.
func (l *lexer) word(t *token) {
	run := l.nameRun(l.pos)
	if kind, ok := typedLiterals[l.text[l.pos:run]]; ok && run < len(l.text) && l.text[run] == '(' {
		l.typedLiteral(t, kind, run)
		return
	}
	if l.keyword(t, run) {
		return
	}
	word := l.text[l.pos:run]
	switch {
	case isBoolWord(word):
		t.kind = tokBool
	case len(word) == 8 && isRawGuid(l.text[l.pos:]):
		t.kind, run = tokRawGuid, l.pos+rawGuidLen
	case (word == "h" || word == "H") && l.stringAt(t, run):
		return
	default:
		t.kind = tokIdent
	}
	l.pos = run
}

// nameRun returns the end of the letters, digits and underscores from i; a $ is allowed as the first.
func (l *lexer) nameRun(i int) int {
	for i++; i < len(l.text) && isNameByte(l.text[i]); i++ {
	}
	return i
}

// keyword reads a keyword whose letters end at run. A keyword is the longest that matches, and it must not go on
// with a letter: project-awayx is project, minus, awayx.
func (l *lexer) keyword(t *token, run int) bool {
	end := run
	for _, w := range longKeywords[l.text[l.pos:run]] {
		if strings.HasPrefix(l.text[l.pos:], w) {
			end = l.pos + len(w)
			break
		}
	}
	if end < len(l.text) && isNameByte(l.text[end]) {
		if IsKeyword(l.text[l.pos:run]) {
			t.word = cutWord
		}
		return false
	}
	class, ok := keywords[l.text[l.pos:end]]
	if !ok {
		return false
	}
	t.kind, t.word, l.pos = tokKeyword, class, end
	return true
}

// typedLiteral reads long(…), datetime(…) and the like, up to the first closing parenthesis on the line.
func (l *lexer) typedLiteral(t *token, kind tokenKind, open int) {
	t.kind, l.pos = kind, open+1
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		if c == ')' {
			l.pos++
			return
		}
		if lineBreakLen(l.text, l.pos) > 0 {
			break
		}
		l.pos++
	}
	l.report(missingInToken(l.pos, ")"))
}

// number reads what begins with a digit: a number, a timespan, a guid, or a name such as 3abc.
func (l *lexer) number(t *token) {
	rest := l.text[l.pos:]
	if run := l.nameRun(l.pos); rest[0] == '3' && l.keyword(t, run) {
		return
	}
	if isRawGuid(rest) {
		t.kind = tokRawGuid
		l.pos += rawGuidLen
		return
	}
	for _, try := range [...]struct {
		kind tokenKind
		scan func(string) int
	}{{tokReal, scanReal}, {tokTimespan, scanTimespan}, {tokLong, scanLong}, {tokIdent, scanDigitName}} {
		if n := try.scan(rest); n > 0 {
			t.kind = try.kind
			l.pos += n
			return
		}
	}
	l.bad(t)
}

// punctuation reads everything that begins with neither letter nor digit.
func (l *lexer) punctuation(t *token) {
	rest := l.text[l.pos:]
	second := byte(0)
	if len(rest) > 1 {
		second = rest[1]
	}
	one := func(k tokenKind) { t.kind = k; l.pos++ }
	two := func(k tokenKind) { t.kind = k; l.pos += 2 }
	switch rest[0] {
	case '(':
		one(tokLParen)
	case ')':
		one(tokRParen)
	case '[':
		one(tokLBracket)
	case ']':
		one(tokRBracket)
	case '{':
		one(tokLBrace)
	case '}':
		one(tokRBrace)
	case '|':
		one(tokBar)
	case '.':
		if second == '.' {
			two(tokDotDot)
		} else {
			one(tokDot)
		}
	case '+':
		one(tokPlus)
	case '-':
		one(tokMinus)
	case '*':
		one(tokStar)
	case '/':
		one(tokSlash)
	case '%':
		one(tokPercent)
	case '<':
		switch second {
		case '=':
			two(tokLessEqual)
		case '|':
			two(tokLessBar)
		case '>':
			two(tokLessGreater)
		default:
			one(tokLess)
		}
	case '>':
		if second == '=' {
			two(tokGreaterEqual)
		} else {
			one(tokGreater)
		}
	case '=':
		switch second {
		case '=':
			two(tokEqualEqual)
		case '>':
			two(tokFatArrow)
		case '~':
			two(tokEqualTilde)
		default:
			one(tokEqual)
		}
	case '!':
		switch {
		case second == '=':
			two(tokBangEqual)
		case second == '~':
			two(tokBangTilde)
		case l.keyword(t, l.nameRun(l.pos)):
		case isNameByte(second):
			l.bad(t)
		default:
			one(tokBang)
		}
	case ':':
		one(tokColon)
	case ';':
		one(tokSemicolon)
	case ',':
		one(tokComma)
	case '?':
		one(tokQuestion)
	case '@':
		if isQuote(second) {
			if !l.stringAt(t, l.pos) {
				l.bad(t)
			}
		} else {
			one(tokAt)
		}
	case '\'', '"', '`', '~':
		if !l.stringAt(t, l.pos) {
			l.bad(t)
		}
	case '#':
		t.kind = tokDirective
		l.pos = lineEnd(l.text, l.pos)
	default:
		l.bad(t)
	}
}

// bad takes one character that is no part of the language.
func (l *lexer) bad(t *token) {
	_, n := utf8.DecodeRuneInString(l.text[l.pos:])
	t.kind = tokBad
	l.report(unexpectedCharacter(source.Span{Start: l.pos, End: l.pos + n}, l.text[l.pos:l.pos+n]))
	l.pos += n
}

// stringAt reads a string literal whose @ or quote stands at i; the mark h before it, if any, is part of the
// token. It returns false, without moving, where no string begins.
func (l *lexer) stringAt(t *token, i int) bool {
	verbatim := i < len(l.text) && l.text[i] == '@'
	if verbatim {
		i++
	}
	rest := l.text[min(i, len(l.text)):]
	var quote string
	switch {
	case strings.HasPrefix(rest, "'"), strings.HasPrefix(rest, `"`):
		quote = rest[:1]
		i = stringEnd(l.text, i+1, quote[0], verbatim)
	case strings.HasPrefix(rest, "```"), strings.HasPrefix(rest, "~~~"):
		quote = rest[:3]
		if n := strings.Index(rest[3:], quote); n >= 0 {
			i += 3 + n
		} else {
			i = len(l.text)
		}
	default:
		return false
	}
	if strings.HasPrefix(l.text[i:], quote) {
		i += len(quote)
	} else {
		l.report(missingInToken(i, quote))
	}
	t.kind, l.pos = tokString, i
	return true
}

// stringEnd returns where the content of a string that began before i ends: at its quote, at the end of the
// line, or at a backslash that begins no escape.
func stringEnd(text string, i int, quote byte, verbatim bool) int {
	for i < len(text) {
		switch c := text[i]; {
		case c == quote && verbatim && i+1 < len(text) && text[i+1] == quote:
			i += 2
		case c == '\\' && !verbatim:
			n := escapeLen(text[i:])
			if n == 0 {
				return i
			}
			i += n
		case c == quote, c == '\r', c == '\n':
			return i
		default:
			i++
		}
	}
	return i
}

// escapeLen returns the length of the escape sequence that s begins with, or 0 where it is none.
func escapeLen(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch c := s[1]; {
	case strings.IndexByte(`\'"abfnrtv`, c) >= 0:
		return 2
	case c == 'u':
		return 2 + hexLen(s, 2, 4)
	case c == 'U':
		return 2 + hexLen(s, 2, 8)
	case c == 'x':
		return 2 + hexLen(s, 2, 2)
	case isOctal(c):
		switch {
		case len(s) > 3 && isOctal(s[2]) && isOctal(s[3]) && c <= '3':
			return 4
		case len(s) > 2 && isOctal(s[2]):
			return 3
		}
		return 2
	}
	return 0
}

// hexLen returns n if s has n hexadecimal digits from i, else -i, so that the caller's sum is 0.
func hexLen(s string, i, n int) int {
	if len(s) < i+n {
		return -i
	}
	for _, c := range []byte(s[i : i+n]) {
		if !isHex(c) {
			return -i
		}
	}
	return n
}

// scanReal returns the length of 1.5, 1. or 1e5 at the beginning of s, or 0. The dot of 1..5 is no part of it.
func scanReal(s string) int {
	i := digits(s, 0)
	dot := i < len(s) && s[i] == '.' && (!byteAt(s, i+1, '.') || byteAt(s, i+2, '.'))
	if dot {
		i = digits(s, i+1)
	}
	exp := i
	if byteAt(s, i, 'e') || byteAt(s, i, 'E') {
		j := i + 1
		if byteAt(s, j, '+') || byteAt(s, j, '-') {
			j++
		}
		if k := digits(s, j); k > j {
			exp = k
		}
	}
	if !dot && exp == i || exp < len(s) && isNameByte(s[exp]) {
		return 0
	}
	return exp
}

// timespanUnits are the suffixes of timespan literals in ticks of 100 ns; nanoseconds are fractions of one.
// https://learn.microsoft.com/kusto/query/scalar-data-types/timespan
var timespanUnits = map[string]float64{
	"d": 864e9, "day": 864e9, "days": 864e9,
	"h": 36e9, "hr": 36e9, "hrs": 36e9, "hour": 36e9, "hours": 36e9,
	"m": 6e8, "min": 6e8, "minute": 6e8, "minutes": 6e8,
	"s": 1e7, "sec": 1e7, "second": 1e7, "seconds": 1e7,
	"ms": 1e4, "milli": 1e4, "millis": 1e4, "millisec": 1e4, "millisecond": 1e4, "milliseconds": 1e4,
	"micro": 10, "micros": 10, "microsec": 10, "microsecond": 10, "microseconds": 10,
	"nano": 0.01, "nanos": 0.01, "nanosec": 0.01, "nanosecond": 0.01, "nanoseconds": 0.01,
	"tick": 1, "ticks": 1,
}

// scanTimespan returns the length of 1d, 1.5h and the like at the beginning of s, or 0.
func scanTimespan(s string) int {
	i := digits(s, 0)
	if byteAt(s, i, '.') {
		if j := digits(s, i+1); j > i+1 {
			i = j
		}
	}
	j := i
	for j < len(s) && isNameByte(s[j]) {
		j++
	}
	if _, ok := timespanUnits[s[i:j]]; !ok {
		return 0
	}
	return j
}

// scanLong returns the length of 12 or 0xff at the beginning of s, or 0.
func scanLong(s string) int {
	i := digits(s, 0)
	if i == 1 && s[0] == '0' && (byteAt(s, 1, 'x') || byteAt(s, 1, 'X')) {
		j := 2
		for j < len(s) && isHex(s[j]) {
			j++
		}
		if j > 2 && (j == len(s) || !isNameByte(s[j])) {
			return j
		}
	}
	if i < len(s) && isNameByte(s[i]) {
		return 0
	}
	return i
}

// scanDigitName returns the length of a name that begins with digits, such as 3abc, or 0.
func scanDigitName(s string) int {
	i := digits(s, 0)
	if i == len(s) || !isNameByte(s[i]) {
		return 0
	}
	for i < len(s) && isNameByte(s[i]) {
		i++
	}
	return i
}

// digits returns the end of the decimal digits of s from i.
func digits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

const rawGuidLen = 36

// isRawGuid tells whether s begins with 8-4-4-4-12 hexadecimal digits.
func isRawGuid(s string) bool {
	if len(s) < rawGuidLen {
		return false
	}
	for i := 0; i < rawGuidLen; i++ {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isHex(s[i]) {
				return false
			}
		}
	}
	return true
}

// lineEnd returns the end of the line that holds i, without its line break.
func lineEnd(text string, i int) int {
	for i < len(text) && lineBreakLen(text, i) == 0 {
		i++
	}
	return i
}

// lineBreakLen returns the length of the line break at i, or 0. Unicode's line and paragraph separators are line
// breaks to Kusto too.
func lineBreakLen(text string, i int) int {
	switch text[i] {
	case '\n', '\r':
		return 1
	case 0xE2:
		if strings.HasPrefix(text[i:], "\u2028") || strings.HasPrefix(text[i:], "\u2029") {
			return 3
		}
	}
	return 0
}

func byteAt(s string, i int, c byte) bool { return i < len(s) && s[i] == c }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isOctal(c byte) bool  { return c >= '0' && c <= '7' }
func isHex(c byte) bool    { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
func isQuote(c byte) bool  { return c == '\'' || c == '"' || c == '`' || c == '~' }

// isNameByte tells whether c may stand inside a name. Letters outside ASCII may not.
func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

func isBoolWord(s string) bool {
	switch s {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return true
	}
	return false
}

// isWideBlank tells whether a character outside ASCII counts as a blank.
func isWideBlank(r rune) bool {
	switch r {
	case '\u00a0', '\u1680', '\u180e', '\u202f', '\u205f', '\u3000', '\ufeff':
		return true
	}
	return r >= '\u2000' && r <= '\u200b'
}
