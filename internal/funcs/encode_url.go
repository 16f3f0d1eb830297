package funcs

import (
	"math"
	"strings"
	"unicode/utf8"
)

// urlEncode escapes all but letters, digits and -_.!*(), with lower-case hexadecimal digits.
func urlEncode(s, blank string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case isASCIIAlnum(c) || strings.IndexByte("-_.!*()", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteString(blank)
		default:
			b.WriteByte('%')
			b.WriteByte(lowerHex[c>>4])
			b.WriteByte(lowerHex[c&15])
		}
	}
	return b.String()
}

const lowerHex = "0123456789abcdef"

func urlDecode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b.WriteByte(' ')
		case c == '%' && i+2 < len(s) && hexValue(s[i+1]) >= 0 && hexValue(s[i+2]) >= 0:
			b.WriteByte(byte(hexValue(s[i+1])<<4 | hexValue(s[i+2])))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// mapLabels applies f to the labels of a domain name, whose dots may be ideographic; "" if f fails.
func mapLabels(domain string, f func(label string) (string, bool)) string {
	labels := strings.Split(strings.NewReplacer("。", ".", "．", ".", "｡", ".").Replace(domain), ".")
	for i, l := range labels {
		s, ok := f(l)
		if !ok {
			return ""
		}
		labels[i] = s
	}
	return strings.Join(labels, ".")
}

// The parameters of punycode. https://www.rfc-editor.org/rfc/rfc3492#section-5
const (
	punyBase, punyMin, punyMax    = 36, 1, 26
	punySkew, punyDamp, punyStart = 38, 700, 72
	punyDigits                    = "abcdefghijklmnopqrstuvwxyz0123456789"
)

func punyAdapt(delta, points int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > (punyBase-punyMin)*punyMax/2; k += punyBase {
		delta /= punyBase - punyMin
	}
	return k + (punyBase-punyMin+1)*delta/(delta+punySkew)
}

func punyThreshold(k, bias int) int { return min(max(k-bias, punyMin), punyMax) }

// punycodeEncode keeps the ASCII characters in front and writes the others as insertions behind them.
func punycodeEncode(s string) (string, bool) {
	runes := []rune(s)
	var out []byte
	for _, r := range runes {
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(utf8.RuneSelf), 0, punyStart
	for done := basic; done < len(runes); {
		next := rune(math.MaxInt32)
		for _, r := range runes {
			if r >= n && r < next {
				next = r
			}
		}
		if int(next-n) > (math.MaxInt32-delta)/(done+1) {
			return "", false
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := punyBase; ; k += punyBase {
				t := punyThreshold(k, bias)
				if q < t {
					break
				}
				out = append(out, punyDigits[t+(q-t)%(punyBase-t)])
				q = (q - t) / (punyBase - t)
			}
			out = append(out, punyDigits[q])
			bias = punyAdapt(delta, done+1, done == basic)
			delta = 0
			done++
		}
		delta++
		n++
	}
	return string(out), true
}

func punycodeDecode(s string) (string, bool) {
	var out []rune
	if i := strings.LastIndexByte(s, '-'); i >= 0 {
		out, s = []rune(s[:i]), s[i+1:]
	}
	n, at, bias := rune(utf8.RuneSelf), 0, punyStart
	for first := true; s != ""; first = false {
		old, weight := at, 1
		for k := punyBase; ; k += punyBase {
			if s == "" {
				return "", false
			}
			digit := strings.IndexByte(punyDigits, s[0]|0x20)
			if s[0] >= '0' && s[0] <= '9' {
				digit = int(s[0]-'0') + 26
			}
			if digit < 0 || digit > (math.MaxInt32-at)/weight {
				return "", false
			}
			s = s[1:]
			at += digit * weight
			t := punyThreshold(k, bias)
			if digit < t {
				break
			}
			if weight > math.MaxInt32/(punyBase-t) {
				return "", false
			}
			weight *= punyBase - t
		}
		bias = punyAdapt(at-old, len(out)+1, first)
		n += rune(at / (len(out) + 1))
		at %= len(out) + 1
		if n < 0 || !utf8.ValidRune(n) {
			return "", false
		}
		out = append(out[:at], append([]rune{n}, out[at:]...)...)
		at++
	}
	return string(out), true
}
