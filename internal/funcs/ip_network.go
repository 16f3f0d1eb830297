package funcs

import "net/netip"

// IPv4Prefix reads an IPv4 address with or without a prefix length, as ipv4_is_in_range() does. The result
// is in the 128-bit form that IPv6Prefix gives too, its address cut to its prefix.
func IPv4Prefix(text string) (netip.Prefix, bool) { return prefixOf(parseIPv4(text)) }

// IPv6Prefix reads an IPv6 or IPv4 address with or without a prefix length, as ipv6_is_in_range() does.
func IPv6Prefix(text string) (netip.Prefix, bool) { return prefixOf(parseIPv6(text)) }

func prefixOf(ip ipAddress, ok bool) (netip.Prefix, bool) {
	if !ok {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(ip.addr6(), ip.prefix), true
}
