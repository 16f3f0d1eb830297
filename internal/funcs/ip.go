package funcs

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/vedette-siem/vedette/internal/types"
)

// ipFuncs compare and convert IP addresses, which may carry a prefix length (10.0.0.0/8): of two lengths
// the shorter one counts. What is no address gives null. ipTextFuncs look for addresses in texts.
// https://learn.microsoft.com/kusto/query/scalar-functions#ipv4ipv6-functions
var ipFuncs = []*Func{
	{Name: "ipv4_is_private", Class: Scalar, Sigs: Sigs(RetBool, P("ip", String)), Page: "ipv4-is-private-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			ip, ok := parseIPv4(a[0].Text())
			if !ok {
				return types.Null(types.Bool)
			}
			return types.BoolOf(ip.addr().IsPrivate())
		},
		Lower:    func(w Writer, c *Call) string { return lowerInNetworks(w, "ipv4_is_private", c, privateNetworks) },
		Doc:      "Tells whether an IPv4 address belongs to a private network.",
		Examples: []Example{{`ipv4_is_private("10.1.2.3")`, `true`}, {`ipv4_is_private("")`, `bool(null)`}, {`ipv4_is_private("192.168.1.1/24")`, `true`}, {`ipv4_is_private("127.0.0.1")`, `false`}}},
	ipPair("ipv4_is_match", RetBool, parseIPv4, func(x, y ipAddress) types.Value { return types.BoolOf(x.compare(y) == 0) },
		"Tells whether two IPv4 addresses are equal under their prefixes.",
		Example{`ipv4_is_match("192.168.1.1/24", "192.168.1.255")`, `true`}, Example{`ipv4_is_match("", "127.0.0.1")`, `bool(null)`}, Example{`ipv4_is_match("192.168.1.1", "192.168.1.0", 31)`, `true`}),
	ipPair("ipv4_compare", RetLong, parseIPv4, func(x, y ipAddress) types.Value { return types.LongOf(int64(x.compare(y))) },
		"Orders two IPv4 addresses under their prefixes: -1, 0 or 1.",
		Example{`ipv4_compare("192.168.1.1/24", "192.168.1.255")`, `0`}, Example{`ipv4_compare("x", "127.0.0.1")`, `long(null)`}, Example{`ipv4_compare("1.2.3.4", "9.2.3.4")`, `-1`}),
	ipPair("ipv6_is_match", RetBool, parseIPv6, func(x, y ipAddress) types.Value { return types.BoolOf(x.compare(y) == 0) },
		"Tells whether two IPv6 or IPv4 addresses are equal under their prefixes.",
		Example{`ipv6_is_match("192.168.1.1", "::ffff:c0a8:0101")`, `true`}, Example{`ipv6_is_match("", "::1")`, `bool(null)`}, Example{`ipv6_is_match("fe80::1", "fe80::2", 120)`, `true`}),
	ipPair("ipv6_compare", RetLong, parseIPv6, func(x, y ipAddress) types.Value { return types.LongOf(int64(x.compare(y))) },
		"Orders two IPv6 or IPv4 addresses under their prefixes: -1, 0 or 1.",
		Example{`ipv6_compare("fe80::1/120", "fe80::2")`, `0`}, Example{`ipv6_compare("x", "::1")`, `long(null)`}, Example{`ipv6_compare("fe80::2", "fe80::1")`, `1`}),
	ipInRange("ipv4_is_in_range", parseIPv4, "Tells whether an IPv4 address lies in a range.",
		Example{`ipv4_is_in_range("192.168.1.6", "192.168.1.1/24")`, `true`}, Example{`ipv4_is_in_range("", "10.0.0.0/8")`, `bool(null)`}, Example{`ipv4_is_in_range("10.1.1.1", "10.1.1.2")`, `false`}),
	ipInRange("ipv6_is_in_range", parseIPv6, "Tells whether an IPv6 address lies in a range.",
		Example{`ipv6_is_in_range("fe80::1", "fe80::/64")`, `true`}, Example{`ipv6_is_in_range("", "::/0")`, `bool(null)`}, Example{`ipv6_is_in_range("a5e::1", "0:0:0:0:0:ffff:c0a8:ac/60")`, `false`}),
	ipInAnyRange("ipv4_is_in_any_range", parseIPv4, "Tells whether an IPv4 address lies in any of several ranges.",
		Example{`ipv4_is_in_any_range("192.168.1.6", "10.0.0.1/8", "192.168.1.1/24")`, `true`}, Example{`ipv4_is_in_any_range("", "10.0.0.0/8")`, `bool(null)`}, Example{`ipv4_is_in_any_range("1.1.1.1", dynamic(["10.0.0.0/8"]))`, `false`}),
	ipInAnyRange("ipv6_is_in_any_range", parseIPv6, "Tells whether an IPv6 address lies in any of several ranges.",
		Example{`ipv6_is_in_any_range("fe80::1", "::1", "fe80::/64")`, `true`}, Example{`ipv6_is_in_any_range("", "::/0")`, `bool(null)`}, Example{`ipv6_is_in_any_range("a5e::1", dynamic(["fe80::/64"]))`, `false`}),
	{Name: "ipv4_netmask_suffix", Class: Scalar, Sigs: Sigs(RetLong, P("ip", String)), Page: "ipv4-netmask-suffix-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			ip, ok := parseIPv4(a[0].Text())
			if !ok {
				return types.Null(types.Long)
			}
			return types.LongOf(int64(ip.prefix - v4Bits))
		},
		Doc:      "Gives the prefix length of an IPv4 address, 32 where it has none.",
		Examples: []Example{{`ipv4_netmask_suffix("192.168.1.1/24")`, `24`}, {`ipv4_netmask_suffix("")`, `long(null)`}, {`ipv4_netmask_suffix("10.1.2.3")`, `32`}}},
	{Name: "ipv4_range_to_cidr_list", Class: Scalar, Sigs: Sigs(RetDynamic, P("start_ip", String), P("end_ip", String)), Page: "ipv4-range-to-cidr-list-function",
		Go: cidrList, Doc: "Lists the networks that make up a range of IPv4 addresses.",
		Examples: []Example{{`ipv4_range_to_cidr_list("1.1.128.0", "1.1.140.255")`, `dynamic(["1.1.128.0/21","1.1.136.0/22","1.1.140.0/24"])`}, {`ipv4_range_to_cidr_list("", "1.1.1.1")`, `dynamic(null)`},
			{`ipv4_range_to_cidr_list("0.0.0.0", "255.255.255.255")`, `dynamic(["0.0.0.0/0"])`}}},
	{Name: "parse_ipv4", Class: Scalar, Sigs: Sigs(RetLong, P("ip", String)), Page: "parse-ipv4-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			ip, ok := parseIPv4(a[0].Text())
			if !ok {
				return types.Null(types.Long)
			}
			return types.LongOf(int64(ip.v4()))
		},
		Doc:      "Gives an IPv4 address, cut to its prefix, as a number.",
		Examples: []Example{{`parse_ipv4("192.168.1.1")`, `3232235777`}, {`parse_ipv4("1.2.3")`, `long(null)`}, {`parse_ipv4("255.255.255.255/31")`, `4294967294`}}},
	{Name: "parse_ipv4_mask", Class: Scalar, Sigs: Sigs(RetLong, P("ip", String), P("prefix", Integer)), Page: "parse-ipv4-mask-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			ip, ok := parseIPv4(a[0].Text())
			if ok {
				ip, ok = ip.cut(a[1].Int64(), v4Bits)
			}
			if !ok {
				return types.Null(types.Long)
			}
			return types.LongOf(int64(ip.v4()))
		},
		Doc:      "Gives an IPv4 address, cut to a prefix length, as a number.",
		Examples: []Example{{`parse_ipv4_mask("127.0.0.1", 24)`, `2130706432`}, {`parse_ipv4_mask("x", 24)`, `long(null)`}, {`parse_ipv4_mask("127.0.0.1", 33)`, `long(null)`}}},
	{Name: "parse_ipv6", Class: Scalar, Sigs: Sigs(RetString, P("ip", String)), Page: "parse-ipv6-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			ip, ok := parseIPv6(a[0].Text())
			if !ok {
				return types.StringOf("")
			}
			return types.StringOf(ip.addr6().StringExpanded())
		},
		Doc:      "Gives an IPv6 or IPv4 address, cut to its prefix, as a full IPv6 address.",
		Examples: []Example{{`parse_ipv6("192.168.255.255/24")`, `"0000:0000:0000:0000:0000:ffff:c0a8:ff00"`}, {`parse_ipv6("x")`, `""`}, {`parse_ipv6("::1")`, `"0000:0000:0000:0000:0000:0000:0000:0001"`}}},
	{Name: "parse_ipv6_mask", Class: Scalar, Sigs: Sigs(RetString, P("ip", String), P("prefix", Integer)), Page: "parse-ipv6-mask-function",
		Go: func(_ *Ctx, a []types.Value) types.Value {
			ip, ok := parseIPv6(a[0].Text())
			if ok {
				ip, ok = ip.cut(a[1].Int64(), 0)
			}
			if !ok {
				return types.StringOf("")
			}
			return types.StringOf(ip.addr6().StringExpanded())
		},
		Doc:      "Gives an IPv6 or IPv4 address, cut to a prefix length of 128 bits, as a full IPv6 address.",
		Examples: []Example{{`parse_ipv6_mask("192.168.255.255", 120)`, `"0000:0000:0000:0000:0000:ffff:c0a8:ff00"`}, {`parse_ipv6_mask("", 120)`, `""`}, {`parse_ipv6_mask("fe80::7994/120", 124)`, `"fe80:0000:0000:0000:0000:0000:0000:7900"`}}},
	formatIPv4("format_ipv4", "Renders an IPv4 address, a text or a number, cut to a prefix length.", func(ip ipAddress) string { return ip.addr().String() },
		Example{`format_ipv4("192.168.1.1", 24)`, `"192.168.1.0"`}, Example{`format_ipv4("")`, `""`}, Example{`format_ipv4(3232236031)`, `"192.168.1.255"`}),
	formatIPv4("format_ipv4_mask", "Renders an IPv4 address, a text or a number, cut to a prefix length and with it.", func(ip ipAddress) string {
		return ip.addr().String() + "/" + strconv.Itoa(ip.prefix-v4Bits)
	}, Example{`format_ipv4_mask("192.168.1.1/24", 32)`, `"192.168.1.0/24"`}, Example{`format_ipv4_mask("x", 24)`, `""`}, Example{`format_ipv4_mask("192.168.1.1", -1)`, `""`}),
}

// ipAddress is an address of 128 bits, an IPv4 address in its mapped form, and the length of its prefix.
type ipAddress struct {
	hi, lo uint64
	prefix int
}

// v4Bits is how many bits stand before an IPv4 address in its mapped form.
const v4Bits = 96

func (ip ipAddress) masked(prefix int) ipAddress {
	switch {
	case prefix <= 0:
		ip.hi, ip.lo = 0, 0
	case prefix <= 64:
		ip.hi, ip.lo = ip.hi&(^uint64(0)<<(64-prefix)), 0
	case prefix < 128:
		ip.lo &= ^uint64(0) << (128 - prefix)
	}
	return ip
}

// compare orders the addresses under the shorter prefix.
func (ip ipAddress) compare(other ipAddress) int {
	n := min(ip.prefix, other.prefix)
	x, y := ip.masked(n), other.masked(n)
	return x.addr6().Compare(y.addr6())
}

// cut shortens the prefix to n bits behind the first skip.
func (ip ipAddress) cut(n int64, skip int) (ipAddress, bool) {
	if n < 0 || n > int64(128-skip) {
		return ip, false
	}
	ip.prefix = min(ip.prefix, int(n)+skip)
	return ip, true
}

func (ip ipAddress) v4() uint32 { return uint32(ip.masked(ip.prefix).lo) }

func (ip ipAddress) addr() netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], ip.v4())
	return netip.AddrFrom4(b)
}

func (ip ipAddress) addr6() netip.Addr {
	m := ip.masked(ip.prefix)
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], m.hi)
	binary.BigEndian.PutUint64(b[8:], m.lo)
	return netip.AddrFrom16(b)
}

func fromV4(n uint32, prefix int) ipAddress {
	return ipAddress{lo: 0xffff<<32 | uint64(n), prefix: prefix + v4Bits}
}

// splitPrefix parts an address from its prefix length.
func splitPrefix(s string, most int) (addr string, prefix int, ok bool) {
	addr, suffix, has := strings.Cut(strings.TrimSpace(s), "/")
	if !has {
		return addr, most, true
	}
	n, err := strconv.ParseUint(suffix, 10, 8)
	return addr, int(n), err == nil && int(n) <= most
}

func parseIPv4(s string) (ipAddress, bool) {
	text, prefix, ok := splitPrefix(s, 32)
	addr, err := netip.ParseAddr(text)
	if !ok || err != nil || !addr.Is4() {
		return ipAddress{}, false
	}
	b := addr.As4()
	return fromV4(binary.BigEndian.Uint32(b[:]), prefix), true
}

// parseIPv6 reads an IPv6 or IPv4 address. The prefix of an address that ends in IPv4 notation is one of 32
// bits, and ::1.2.3.4 is taken as the IPv4 address that it ends in.
func parseIPv6(s string) (ipAddress, bool) {
	if ip, ok := parseIPv4(s); ok {
		return ip, true
	}
	if i := strings.LastIndexByte(s, ':'); strings.ContainsRune(s, '.') && i >= 0 {
		if head := strings.ToLower(strings.TrimSpace(s[:i+1])); head == "::" || head == "::ffff:" {
			return parseIPv4(s[i+1:])
		}
	}
	text, prefix, ok := splitPrefix(s, 128)
	addr, err := netip.ParseAddr(text)
	if !ok || err != nil || !addr.Is6() {
		return ipAddress{}, false
	}
	b := addr.As16()
	return ipAddress{hi: binary.BigEndian.Uint64(b[:8]), lo: binary.BigEndian.Uint64(b[8:]), prefix: prefix}, true
}

// ipPair declares a function of two addresses and an optional prefix length for both.
func ipPair(name string, out Out, parse func(string) (ipAddress, bool), result func(x, y ipAddress) types.Value, doc string, examples ...Example) *Func {
	skip := 0
	if strings.HasPrefix(name, "ipv4") {
		skip = v4Bits
	}
	return &Func{Name: name, Class: Scalar, Page: strings.ReplaceAll(name, "_", "-") + "-function", Doc: doc, Examples: examples,
		Sigs: Sigs(out, P("ip1", String), P("ip2", String), P("prefix", Integer).Optional()),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			x, ok1 := parse(a[0].Text())
			y, ok2 := parse(a[1].Text())
			if ok1 && ok2 && len(a) > 2 {
				x, ok1 = x.cut(a[2].Int64(), skip)
			}
			if !ok1 || !ok2 {
				return types.Null(out.Type)
			}
			return result(x, y)
		}}
}

// inRange tells whether ip lies in the network: only the network's prefix cuts.
func inRange(ip, network ipAddress) bool {
	return ip.masked(ip.prefix).masked(network.prefix).addr6() == network.masked(network.prefix).addr6()
}

// privateNetworks are those of RFC 1918.
var privateNetworks = []ipAddress{fromV4(10<<24, 8), fromV4(172<<24|16<<16, 12), fromV4(192<<24|168<<16, 16)}

// lowerInNetworks writes the test whether an IPv4 address lies in any of the networks. It looks at the text of an
// address in its usual form; text with a prefix length or blanks around it is left to the Go body.
func lowerInNetworks(w Writer, name string, c *Call, networks []ipAddress) string {
	x := c.Args[0].SQL
	if len(x) > cheapSQL || len(networks) > maxNetworks {
		return ""
	}
	tests, starts := []string{}, []string{}
	guarded := c.Filter
	for _, n := range networks {
		literal, test := networkTest(w, x, n)
		tests = append(tests, test)
		starts = append(starts, "starts_with("+x+", "+w.Lit(types.StringOf(literal))+")")
		guarded = guarded && literal != ""
	}
	test := "(" + strings.Join(tests, " OR ") + ")"
	if len(tests) == 0 {
		test = "false"
	}
	whole := w.Lit(types.StringOf(`(?:` + octet + `\.){3}` + octet))
	sql := "CASE WHEN regexp_full_match(" + x + ", " + whole + ") THEN " + test +
		" WHEN " + x + " = '' OR contains(" + x + ", ':') THEN NULL ELSE " + w.UDF(name, types.Bool, c.Args...) + " END"
	if !guarded || len(tests) == 0 {
		return sql
	}
	// A filter takes null for false, so most rows are done with by their first characters: what begins with a
	// digit and has no prefix length is in a network only if it begins like it.
	return "CASE WHEN " + strings.Join(starts, " OR ") + " OR NOT (" + x + " BETWEEN '0' AND ':') OR contains(" + x + ", '/') THEN " + sql + " ELSE false END"
}

// maxNetworks is how many networks are tested one by one in SQL.
const maxNetworks = 16

// networkTest gives what every address of a network begins with and the SQL that tests an address in its usual
// form.
func networkTest(w Writer, x string, n ipAddress) (literal, sql string) {
	prefix := n.prefix - v4Bits
	b := n.addr().As4()
	k, rest := prefix/8, prefix%8
	for _, o := range b[:k] {
		literal += strconv.Itoa(int(o)) + "."
	}
	if k == 4 {
		literal = strings.TrimSuffix(literal, ".")
		return literal, "(" + x + " = " + w.Lit(types.StringOf(literal)) + ")"
	}
	start := "starts_with(" + x + ", " + w.Lit(types.StringOf(literal)) + ")"
	if k == 0 {
		start = "true"
	}
	if rest == 0 {
		return literal, start
	}
	var octets []string
	for i := range 1 << (8 - rest) {
		octets = append(octets, strconv.Itoa(int(b[k])+i))
	}
	behind := `\.`
	if k == 3 {
		behind = "$"
	}
	re := "^" + regexp.QuoteMeta(literal) + "(?:" + strings.Join(octets, "|") + ")" + behind
	return literal, "CASE WHEN " + start + " THEN regexp_matches(" + x + ", " + w.Lit(types.StringOf(re)) + ") ELSE false END"
}

func ipInRange(name string, parse func(string) (ipAddress, bool), doc string, examples ...Example) *Func {
	f := &Func{Name: name, Class: Scalar, Page: strings.ReplaceAll(name, "_", "-") + "-function", Doc: doc, Examples: examples,
		Sigs: Sigs(RetBool, P("ip", String), P("ip_range", String)),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			ip, ok1 := parse(a[0].Text())
			network, ok2 := parse(a[1].Text())
			if !ok1 || !ok2 {
				return types.Null(types.Bool)
			}
			return types.BoolOf(inRange(ip, network))
		}}
	if strings.HasPrefix(name, "ipv4") {
		f.Lower = func(w Writer, c *Call) string {
			if c.Args[1].Const == nil {
				return ""
			}
			network, ok := parseIPv4(c.Args[1].Const.Text())
			if !ok {
				return "NULL::BOOLEAN"
			}
			return lowerInNetworks(w, name, c, []ipAddress{network})
		}
	}
	return f
}

func ipInAnyRange(name string, parse func(string) (ipAddress, bool), doc string, examples ...Example) *Func {
	f := &Func{Name: name, Class: Scalar, Page: strings.ReplaceAll(name, "_", "-") + "-function", Doc: doc, Examples: examples,
		Sigs: []Sig{
			S(RetBool, Str("ip"), P("ranges", Dynamic)), // first, lest an array be taken as its text
			S(RetBool, Str("ip"), P("ranges", String).Repeated()),
		},
		Go: func(_ *Ctx, a []types.Value) types.Value {
			ip, ok := parse(a[0].Text())
			if !ok {
				return types.Null(types.Bool)
			}
			found := false
			elements(a[1:], func(v types.Value) bool {
				network, ok := parse(v.ToText())
				found = ok && inRange(ip, network)
				return !found
			})
			return types.BoolOf(found)
		}}
	if strings.HasPrefix(name, "ipv4") {
		f.Lower = func(w Writer, c *Call) string {
			list, rest := constants(c.Args[1:])
			if len(rest) > 0 {
				return ""
			}
			var networks []ipAddress
			for _, v := range list {
				if v.IsNull() {
					return "NULL::BOOLEAN"
				}
			}
			elements(list, func(v types.Value) bool {
				if network, ok := parseIPv4(v.ToText()); ok {
					networks = append(networks, network)
				}
				return true
			})
			return lowerInNetworks(w, name, c, networks)
		}
	}
	return f
}

func cidrList(_ *Ctx, a []types.Value) types.Value {
	first, ok1 := parseIPv4(a[0].Text())
	last, ok2 := parseIPv4(a[1].Text())
	from, to := uint64(first.v4()), uint64(last.v4())
	if !ok1 || !ok2 || from > to {
		return types.Null(types.Dynamic)
	}
	var out []string
	for from <= to {
		size := 32 // bits free of the network at from
		if from != 0 {
			size = bits.TrailingZeros64(from)
		}
		for size > 32 || from+1<<size-1 > to {
			size--
		}
		out = append(out, fromV4(uint32(from), 32).addr().String()+"/"+strconv.Itoa(32-size))
		from += 1 << size
	}
	return stringArray(out)
}

// formatIPv4 declares a function that renders an address given as text or number.
func formatIPv4(name, doc string, render func(ipAddress) string, examples ...Example) *Func {
	return &Func{Name: name, Class: Scalar, Page: strings.ReplaceAll(name, "_", "-") + "-function", Doc: doc, Examples: examples,
		Sigs: Sigs(RetString, P("ip", Any).RawType(), P("prefix", Integer).Optional()),
		Go: func(_ *Ctx, a []types.Value) types.Value {
			var ip ipAddress
			ok := false
			v := a[0]
			if v.Type() == types.Dynamic {
				v = types.JSONOf(v).Scalar()
			}
			if v.Type().IsInteger() {
				n := v.Int64()
				ip, ok = fromV4(uint32(n), 32), n >= 0 && n <= 1<<32-1
			} else {
				ip, ok = parseIPv4(v.ToText())
			}
			if ok && len(a) > 1 {
				ip, ok = ip.cut(a[1].Int64(), v4Bits)
			}
			if !ok {
				return types.StringOf("")
			}
			return types.StringOf(render(ip))
		}}
}
