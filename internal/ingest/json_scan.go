package ingest

import (
	"errors"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// errMore says that the text ended inside a value: with more of the file it may be whole.
var errMore = errors.New("the text ends inside a value")

// scanFault is a place where text is not JSON.
type scanFault struct {
	at  int
	msg string
}

func (f *scanFault) Error() string { return f.msg }

// charClass sorts the bytes of a JSON string: 0 goes on, 1 ends the string or begins an escape, 2 is a
// control character, which JSON forbids. A line end in a string is refused, because it is where a truncated
// record shows; the others are met in real files and taken.
var charClass = func() (c [256]uint8) {
	for i := range 0x20 {
		c[i] = 2
	}
	c['"'], c['\\'], c['\n'] = 1, 1, 1
	return c
}()

func skipBlanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// scanString reads the string that begins at s[i]. end is behind its closing quote; escaped tells that it has
// escapes, plain that its text is what the canonical form would write.
func scanString(s string, i int) (end int, escaped, plain bool, err error) {
	plain = true
	for j := i + 1; j < len(s); j++ {
		switch charClass[s[j]] {
		case 0:
			continue
		case 2:
			plain = false
			continue
		}
		switch s[j] {
		case '"':
			return j + 1, escaped, plain, nil
		case '\n':
			return 0, false, false, &scanFault{j, "a string is not closed at the end of the line"}
		}
		escaped = true
		if j++; j >= len(s) {
			break
		}
		switch s[j] {
		case '"', '\\', 'n', 'r', 't', 'b', 'f':
		case '/':
			plain = false
		case 'u':
			plain = false
			for k := 1; k <= 4; k++ {
				if j+k >= len(s) {
					return 0, false, false, errMore
				}
				if c := s[j+k]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
					return 0, false, false, &scanFault{j + k, `expected four hexadecimal digits after \u`}
				}
			}
			j += 4
		default:
			return 0, false, false, &scanFault{j, "unknown escape in a string"}
		}
	}
	return 0, false, false, errMore
}

// scanNumber reads the number that begins at s[i]. plain tells that the canonical form would write it the same.
func scanNumber(s string, i int) (end int, plain bool, err error) {
	j := i
	if s[j] == '-' {
		j++
	}
	digits := j
	for j < len(s) && s[j] >= '0' && s[j] <= '9' {
		j++
	}
	n := j - digits
	if n == 0 || n > 1 && s[digits] == '0' {
		if j >= len(s) {
			return 0, false, errMore
		}
		return 0, false, &scanFault{j, "malformed number"}
	}
	plain = n <= 18 && (s[i] != '-' || s[digits] != '0')
	if j < len(s) && s[j] == '.' {
		frac := j + 1
		for j++; j < len(s) && s[j] >= '0' && s[j] <= '9'; j++ {
		}
		if j == frac {
			if j >= len(s) {
				return 0, false, errMore
			}
			return 0, false, &scanFault{j, "malformed number"}
		}
		// shortest form: no superfluous zero, few enough digits, not so small that an exponent is written
		plain = n+j-frac <= 15 && (s[j-1] != '0' || j-frac == 1 && s[digits] != '0') &&
			(s[digits] != '0' || s[frac] != '0')
	}
	if j < len(s) && s[j]|0x20 == 'e' {
		plain = false
		if j++; j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		exp := j
		for j < len(s) && s[j] >= '0' && s[j] <= '9' {
			j++
		}
		if j == exp && j < len(s) {
			return 0, false, &scanFault{j, "malformed number"}
		}
	}
	if j >= len(s) { // a digit may follow
		return 0, false, errMore
	}
	return j, plain, nil
}

func scanWord(s string, i int, word string) (int, error) {
	if strings.HasPrefix(s[i:], word) {
		return i + len(word), nil
	}
	if strings.HasPrefix(word, s[i:]) {
		return 0, errMore
	}
	return 0, &scanFault{i, "unexpected word"}
}

// scanValue reads the value that begins at s[i]. canonical tells that its text is in the canonical form.
func scanValue(s string, i, depth int) (end int, canonical bool, err error) {
	if i >= len(s) {
		return 0, false, errMore
	}
	if depth > types.MaxJSONDepth {
		return 0, false, &scanFault{i, "nested too deep"}
	}
	switch c := s[i]; {
	case c == '"':
		end, _, canonical, err = scanString(s, i)
		return end, canonical, err
	case c == '{':
		return scanObject(s, i, depth)
	case c == '[':
		return scanArray(s, i, depth)
	case c == '-' || c >= '0' && c <= '9':
		return scanNumber(s, i)
	case c == 't':
		end, err = scanWord(s, i, "true")
	case c == 'f':
		end, err = scanWord(s, i, "false")
	case c == 'n':
		end, err = scanWord(s, i, "null")
	default:
		return 0, false, &scanFault{i, "unexpected character " + quoteByte(c)}
	}
	return end, true, err
}

func quoteByte(c byte) string {
	if c >= 0x20 && c < 0x7f {
		return `"` + string(rune(c)) + `"`
	}
	return "0x" + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15])
}

func scanArray(s string, i, depth int) (end int, canonical bool, err error) {
	j := skipBlanks(s, i+1)
	canonical = j == i+1
	if j < len(s) && s[j] == ']' {
		return j + 1, canonical, nil
	}
	for {
		var plain bool
		if j, plain, err = scanValue(s, j, depth+1); err != nil {
			return 0, false, err
		}
		k := skipBlanks(s, j)
		canonical = canonical && plain && k == j
		if k >= len(s) {
			return 0, false, errMore
		}
		switch s[k] {
		case ']':
			return k + 1, canonical, nil
		case ',':
			j = skipBlanks(s, k+1)
			canonical = canonical && j == k+1
		default:
			return 0, false, &scanFault{k, `expected "," or "]", found ` + quoteByte(s[k])}
		}
	}
}

// maxPlainKeys is up to how many keys an object is looked through for repetitions; larger ones are left to
// the canonical form's own code.
const maxPlainKeys = 24

func scanObject(s string, i, depth int) (end int, canonical bool, err error) {
	var keys [maxPlainKeys]string
	n := 0
	j := skipBlanks(s, i+1)
	canonical = j == i+1
	if j < len(s) && s[j] == '}' {
		return j + 1, canonical, nil
	}
	for {
		if j >= len(s) {
			return 0, false, errMore
		}
		if s[j] != '"' {
			return 0, false, &scanFault{j, "expected a key, found " + quoteByte(s[j])}
		}
		k, _, plain, err := scanString(s, j)
		if err != nil {
			return 0, false, err
		}
		if canonical = canonical && plain && n < maxPlainKeys; canonical {
			key := s[j:k]
			for _, other := range keys[:n] {
				if other == key {
					canonical = false
					break
				}
			}
			keys[n] = key
			n++
		}
		j = skipBlanks(s, k)
		if j >= len(s) {
			return 0, false, errMore
		}
		if s[j] != ':' {
			return 0, false, &scanFault{j, `expected ":", found ` + quoteByte(s[j])}
		}
		v := skipBlanks(s, j+1)
		canonical = canonical && j == k && v == j+1
		if j, plain, err = scanValue(s, v, depth+1); err != nil {
			return 0, false, err
		}
		k = skipBlanks(s, j)
		canonical = canonical && plain && k == j
		if k >= len(s) {
			return 0, false, errMore
		}
		switch s[k] {
		case '}':
			return k + 1, canonical, nil
		case ',':
			j = skipBlanks(s, k+1)
			canonical = canonical && j == k+1
		default:
			return 0, false, &scanFault{k, `expected "," or "}", found ` + quoteByte(s[k])}
		}
	}
}

// scanMembers reads the object that begins at s[i] and appends its members to out. The members of an object
// under the key expand go to sub as well.
func scanMembers(s string, i, depth int, out []field, expand string, sub *[]field, found *bool) (int, []field, error) {
	j := skipBlanks(s, i+1)
	if j < len(s) && s[j] == '}' {
		return j + 1, out, nil
	}
	for {
		if j >= len(s) {
			return 0, out, errMore
		}
		if s[j] != '"' {
			return 0, out, &scanFault{j, "expected a key, found " + quoteByte(s[j])}
		}
		k, escaped, _, err := scanString(s, j)
		if err != nil {
			return 0, out, err
		}
		f := field{keyStart: j + 1, keyEnd: k - 1, keyEscaped: escaped}
		j = skipBlanks(s, k)
		if j >= len(s) {
			return 0, out, errMore
		}
		if s[j] != ':' {
			return 0, out, &scanFault{j, `expected ":", found ` + quoteByte(s[j])}
		}
		v := skipBlanks(s, j+1)
		if v >= len(s) {
			return 0, out, errMore
		}
		f.start = v
		switch c := s[v]; {
		case c == '"':
			f.kind = kindString
			j, f.escaped, _, err = scanString(s, v)
			f.start, f.end = v+1, j-1
		case c == '{' && expand != "" && s[f.keyStart:f.keyEnd] == expand:
			f.kind = kindNested
			*found = true
			j, *sub, err = scanMembers(s, v, depth+1, (*sub)[:0], "", nil, nil)
			f.end = j
		default:
			j, f.canonical, err = scanValue(s, v, depth+1)
			f.end = j
			switch c {
			case '{', '[':
				f.kind = kindNested
			case 't', 'f':
				f.kind = kindBool
			case 'n':
				f.kind = kindNull
			default:
				f.kind = kindNumber
			}
		}
		if err != nil {
			return 0, out, err
		}
		out = append(out, f)
		k = skipBlanks(s, j)
		if k >= len(s) {
			return 0, out, errMore
		}
		switch s[k] {
		case '}':
			return k + 1, out, nil
		case ',':
			j = skipBlanks(s, k+1)
		default:
			return 0, out, &scanFault{k, `expected "," or "}", found ` + quoteByte(s[k])}
		}
	}
}
