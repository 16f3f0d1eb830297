package funcs

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vedette-siem/vedette/internal/types"
)

// keyValueFuncs is what the operator parse-kv is made of; no user can write its name.
// https://learn.microsoft.com/kusto/query/parse-kv-operator
var keyValueFuncs = []*Func{
	{Name: "match.pairs", Hidden: true, Class: Scalar, Nulls: Own, Page: "parse-kv-operator",
		Doc: "Finds the values of keys in a text of pairs and gives them in an array, empty where a key is absent.",
		Sigs: Sigs(RetDynamic, P("text", String), P("pair delimiter", String), P("kv delimiter", String), P("quotes", String), P("escapes", String),
			P("greedy", Bool), P("regex", String), P("key", String).Repeated()),
		Go: func(c *Ctx, a []types.Value) types.Value {
			out := types.JSON{Kind: types.JSONArray, Items: make([]types.JSON, len(a)-7)}
			for i := range out.Items {
				out.Items[i].Kind = types.JSONString
			}
			s := pairScanner{text: a[0].Text(), pair: a[1].Text(), kv: a[2].Text(), quotes: []rune(a[3].Text()), escapes: a[4].Text(), greedy: a[5].Bool()}
			left := len(out.Items)
			seen := make([]bool, left)
			// found puts a value in its place; the first value of a key counts. It tells whether any is still open.
			found := func(key, value string) bool {
				for i, k := range a[7:] {
					if !seen[i] && k.Text() == key {
						seen[i], out.Items[i].Str = true, value
						left--
					}
				}
				return left > 0
			}
			switch {
			case a[6].Text() != "":
				re, err := c.Regex(a[6].Text())
				if err != nil {
					return c.Fail(err)
				}
				for _, m := range re.FindAllStringSubmatch(s.text, -1) {
					if !found(strings.TrimSpace(m[1]), strings.TrimSpace(m[2])) {
						break
					}
				}
			case s.kv != "":
				for s.delimited(found) {
				}
			default:
				s.words(a[7:], found)
			}
			return out.Value()
		}},
}

// pairScanner walks over a text of keys and values.
type pairScanner struct {
	text     string // what is left of it
	pair, kv string
	quotes   []rune // opening, closing, opening, closing …
	escapes  string
	greedy   bool
}

func (s *pairScanner) blanks() {
	s.text = strings.TrimLeftFunc(s.text, unicode.IsSpace)
}

// delimited reads one pair of a text with delimiters and tells whether there may be more.
func (s *pairScanner) delimited(found func(key, value string) bool) bool {
	for before := ""; before != s.text; {
		before = s.text
		s.blanks()
		s.text = strings.TrimPrefix(s.text, s.pair)
	}
	key, quoted := s.quoted()
	at := strings.Index(s.text, s.kv)
	if at < 0 {
		return false
	}
	if !quoted {
		key = s.lastKey(s.text[:at])
	} else if strings.TrimSpace(s.text[:at]) != "" { // a quoted text that is no key
		if next := strings.Index(s.text, s.pair); next >= 0 && next < at {
			s.text = s.text[next:]
			return true
		}
		key = s.lastKey(s.text[:at])
	}
	s.text = s.text[at+len(s.kv):]
	s.blanks()
	value, quoted := s.quoted()
	if quoted {
		return found(key, value)
	}
	end := strings.Index(s.text, s.pair)
	if s.greedy {
		end = s.nextKey()
	}
	if end < 0 {
		end = len(s.text)
	}
	value, s.text = s.text[:end], s.text[end:]
	return found(key, strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), s.pair)))
}

// lastKey is the key at the end of the text before a delimiter of key and value.
func (s *pairScanner) lastKey(before string) string {
	key := strings.TrimSpace(before)
	if i := strings.LastIndex(key, s.pair); i >= 0 {
		key = strings.TrimSpace(key[i+len(s.pair):])
	}
	return key
}

// nextKey is where the next key begins, or -1.
func (s *pairScanner) nextKey() int {
	at := strings.Index(s.text, s.kv)
	if at < 0 {
		return -1
	}
	before := strings.TrimRightFunc(s.text[:at], unicode.IsSpace)
	if last, size := utf8.DecodeLastRuneInString(before); size > 0 {
		for i := 1; i < len(s.quotes); i += 2 {
			if s.quotes[i] == last {
				if open := strings.LastIndex(before[:len(before)-size], string(s.quotes[i-1])); open >= 0 {
					return open
				}
			}
		}
	}
	if i := strings.LastIndex(before, s.pair); i >= 0 {
		return i
	}
	return -1
}

// words reads a text in which everything but letters and digits is a delimiter: the value of a key is the word,
// or the quoted text, behind it.
func (s *pairScanner) words(keys []types.Value, found func(key, value string) bool) {
	for s.text != "" {
		r, size := utf8.DecodeRuneInString(s.text)
		if !isWordRune(r) {
			s.text = s.text[size:]
			continue
		}
		key := s.keyHere(keys)
		if key == "" {
			s.word()
			continue
		}
		s.text = s.text[len(key):]
		value, quoted := "", false
		for s.text != "" {
			if value, quoted = s.quoted(); quoted {
				break
			}
			r, size := utf8.DecodeRuneInString(s.text)
			if isWordRune(r) {
				break
			}
			s.text = s.text[size:]
		}
		if !quoted {
			value = s.word()
		}
		if !found(key, value) {
			return
		}
	}
}

// keyHere is the key that the text begins with, or "".
func (s *pairScanner) keyHere(keys []types.Value) string {
	for _, k := range keys {
		rest, ok := strings.CutPrefix(s.text, k.Text())
		if r, size := utf8.DecodeRuneInString(rest); ok && k.Text() != "" && (size == 0 || !isWordRune(r)) {
			return k.Text()
		}
	}
	return ""
}

// word takes the letters and digits that the text begins with.
func (s *pairScanner) word() string {
	end := strings.IndexFunc(s.text, func(r rune) bool { return !isWordRune(r) })
	if end < 0 {
		end = len(s.text)
	}
	w := s.text[:end]
	s.text = s.text[end:]
	return w
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// quoted takes a text in quotes that stands next, without its quotes and escapes.
func (s *pairScanner) quoted() (string, bool) {
	first, size := utf8.DecodeRuneInString(s.text)
	for i := 0; i+1 < len(s.quotes); i += 2 {
		if size == 0 || s.quotes[i] != first {
			continue
		}
		var b strings.Builder
		rest := s.text[size:]
		for j := 0; j < len(rest); {
			r, n := utf8.DecodeRuneInString(rest[j:])
			switch {
			case strings.ContainsRune(s.escapes, r) && j+n < len(rest):
				j += n
				_, n = utf8.DecodeRuneInString(rest[j:])
				b.WriteString(rest[j : j+n])
			case r == s.quotes[i+1]:
				s.text = rest[j+n:]
				return b.String(), true
			default:
				b.WriteString(rest[j : j+n])
			}
			j += n
		}
	}
	return "", false
}
