package deliver

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// allowedHost tells whether webhooks may name a URL's host. An empty list allows all.
func allowedHost(list []string, u *url.URL) bool {
	if len(list) == 0 {
		return true
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	for _, h := range list {
		h = strings.ToLower(h)
		if host == h || strings.HasPrefix(h, "*.") && strings.HasSuffix(host, h[1:]) {
			return true
		}
	}
	return false
}

// guard keeps webhooks from addresses whose services trust whoever reaches them: those of the machine itself and of its
// links, and the clouds' metadata services, which hand out credentials. It judges the address that is about to be
// connected to, after the name was looked up, so no name can lead around it, nor one that changes between two look-ups.
type guard struct{ allowed []netip.Prefix }

// refusedAddress is the guard's no.
type refusedAddress struct {
	addr netip.Addr
	what string
}

func (r *refusedAddress) Error() string {
	return fmt.Sprintf("address %s is %s, which webhooks may not reach unless its network is allowed", r.addr, r.what)
}

func (g guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %s: %w", address, err)
	}
	addr := at.Addr().WithZone("").Unmap()
	for _, p := range g.allowed {
		if p.Contains(addr) {
			return nil
		}
	}
	if what := special(addr); what != "" {
		return &refusedAddress{addr, what}
	}
	return nil
}

// metadata are the addresses of metadata services that are not link-local: of Azure's platform, Alibaba, Oracle and AWS.
// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
var metadata = []netip.Addr{
	netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("192.0.0.192"), netip.MustParseAddr("fd00:ec2::254"),
}

var (
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")     // https://www.rfc-editor.org/rfc/rfc6890#section-2.2.2
	broadcast   = netip.MustParseAddr("255.255.255.255") // https://www.rfc-editor.org/rfc/rfc919
	nat64       = netip.MustParsePrefix("64:ff9b::/96")  // https://www.rfc-editor.org/rfc/rfc6052#section-2.1
	compatible  = netip.MustParsePrefix("::/96")         // https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.1
	sixToFour   = netip.MustParsePrefix("2002::/16")     // https://www.rfc-editor.org/rfc/rfc3056#section-2
)

// special says what an address is that webhooks have no business at, "" for all others.
func special(a netip.Addr) string {
	switch {
	case a.IsUnspecified(), a.IsLoopback(), thisNetwork.Contains(a):
		return "of this machine"
	case a.IsLinkLocalUnicast():
		return "link-local" // the usual metadata services among them
	case a.IsMulticast() || a == broadcast:
		return "of many machines"
	}
	for _, m := range metadata {
		if a == m {
			return "of a metadata service"
		}
	}
	// addresses of version 6 that lead to one of version 4
	bytes := a.As16()
	switch {
	case a.Is4():
		return ""
	case nat64.Contains(a), compatible.Contains(a):
		return special(netip.AddrFrom4([4]byte(bytes[12:])))
	case sixToFour.Contains(a):
		return special(netip.AddrFrom4([4]byte(bytes[2:6])))
	}
	return ""
}
