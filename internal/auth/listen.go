package auth

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// Listener is what a server has that is to listen at an address.
type Listener struct {
	Address string // host:port
	TLS     bool
	Tokens  bool // requests need one
}

// CheckListen judges whether a server may listen at an address. Beyond the machine it needs both tokens, or anyone could
// change its rules, and TLS, or anyone on the way could read a token. A host name other than localhost counts as beyond:
// what it resolves to may change.
func CheckListen(l Listener) error {
	host, _, err := net.SplitHostPort(l.Address)
	if err != nil {
		return fmt.Errorf("listen address %q: %w", l.Address, err)
	}
	if isLoopback(host) {
		return nil
	}
	var lacks []string
	if !l.Tokens {
		lacks = append(lacks, "tokens")
	}
	if !l.TLS {
		lacks = append(lacks, "TLS")
	}
	if len(lacks) == 0 {
		return nil
	}
	return fmt.Errorf("listen address %q is reachable from other machines, and the server has no %s: give it that, or listen on 127.0.0.1",
		l.Address, strings.Join(lacks, " and no "))
}

// hostOf returns the host of a Host header.
func hostOf(header string) string {
	if host, _, err := net.SplitHostPort(header); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(header, "["), "]")
}

// isLoopback tells whether a host is this machine as seen from itself. Names below localhost never leave it.
// https://www.rfc-editor.org/rfc/rfc6761#section-6.3
func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
