package mmdb_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/geo/mmdb"
	"github.com/vedette-siem/vedette/internal/geo/mmdb/mmdbtest"
)

var (
	sydney = geo.Location{Country: "Australia", State: "New South Wales", City: "Sydney", Coord: geo.Coord{151.2006, -33.8715}, HasCoord: true}
	norway = geo.Location{Country: "Norway"}
	origin = geo.Location{Country: "Nowhere", HasCoord: true}
)

func write(t *testing.T, o mmdbtest.Options) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.mmdb")
	if err := mmdbtest.Write(name, o); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestLocate(t *testing.T) {
	german := mmdbtype.Map{"country": mmdbtype.Map{"names": mmdbtype.Map{"de": mmdbtype.String("Norwegen")}}}
	both := map[string]geo.Location{"203.0.113.0/25": sydney, "198.51.100.0/24": norway, "192.0.2.0/24": origin, "2001:db8:7::/48": sydney}
	v6 := mmdbtest.Options{Type: "GeoLite2-City", IPVersion: 6, Locations: both, Records: map[string]mmdbtype.DataType{
		"100.64.0.0/24": german,
		"100.64.1.0/24": mmdbtype.Map{"registered_country": mmdbtest.Place("Sweden")}, // where the network is registered is not where it is
		"100.64.2.0/24": mmdbtype.Map{"location": mmdbtype.Map{"latitude": mmdbtype.Float64(3)}},
		"100.64.3.0/24": mmdbtype.Map{"city": mmdbtest.Place("X"), "location": mmdbtype.Map{"latitude": mmdbtype.Float64(91), "longitude": mmdbtype.Float64(3)}},
		"100.64.4.0/24": mmdbtype.Map{"subdivisions": mmdbtype.Slice{}, "country": mmdbtest.Place("Y")},
	}}
	v4 := mmdbtest.Options{Type: "DBIP-Country-Lite", IPVersion: 4, Locations: map[string]geo.Location{"203.0.113.0/25": norway}}
	none := geo.Location{}
	for _, c := range []struct {
		in   mmdbtest.Options
		ip   string
		want geo.Location
	}{
		{v6, "203.0.113.0", sydney}, {v6, "203.0.113.127", sydney}, {v6, "203.0.113.128", none}, {v6, "::ffff:203.0.113.1", sydney},
		{v6, "198.51.100.1", norway}, {v6, "192.0.2.1", origin}, {v6, "2001:db8:7::1", sydney}, {v6, "2001:db8:8::1", none},
		{v6, "10.0.0.1", none}, {v6, "::1", none}, {v6, "0.0.0.0", none}, {v6, "255.255.255.255", none},
		{v6, "100.64.0.1", none}, {v6, "100.64.1.1", none}, {v6, "100.64.2.1", none}, {v6, "100.64.3.1", geo.Location{City: "X"}}, {v6, "100.64.4.1", geo.Location{Country: "Y"}},
		{v4, "203.0.113.1", norway}, {v4, "::ffff:203.0.113.1", norway}, {v4, "2001:db8:7::1", none}, {v4, "1.1.1.1", none},
	} {
		r, err := mmdb.Open(write(t, c.in))
		if err != nil {
			t.Fatal(err)
		}
		got, ok, err := r.Locate(netip.MustParseAddr(c.ip))
		if got != c.want || ok != (c.want != none) || err != nil {
			t.Errorf("%s of %s: %+v, %v, %v; want %+v", c.ip, c.in.Type, got, ok, err, c.want)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, text []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	good, err := os.ReadFile(write(t, mmdbtest.Options{Type: "GeoLite2-City", IPVersion: 6, Locations: map[string]geo.Location{"203.0.113.0/25": sydney}}))
	if err != nil {
		t.Fatal(err)
	}
	flat := map[string]mmdbtype.DataType{"203.0.113.0/25": mmdbtype.Map{"country": mmdbtype.String("AU"), "city": mmdbtype.String("Sydney")}}
	for _, c := range []struct{ name, want string }{
		{filepath.Join(dir, "absent.mmdb"), "absent.mmdb"},
		{dir, "is no file"},
		{file("empty.mmdb", nil), "is no MaxMind database"},
		{file("text.mmdb", []byte("network,country\n")), "is no MaxMind database"},
		{file("cut.mmdb", good[:len(good)-40]), "is no MaxMind database (.mmdb), or a damaged one"},
		{file("tail.mmdb", good[len(good)-250:]), "damaged"},
		{write(t, mmdbtest.Options{Type: "GeoLite2-ASN", IPVersion: 6}), "type 'GeoLite2-ASN', expected a City, Country or Enterprise database"},
		{write(t, mmdbtest.Options{Type: "ipinfo country.mmdb", IPVersion: 6}), "type 'ipinfo country.mmdb', expected"},
		{write(t, mmdbtest.Options{Type: "Other-City", IPVersion: 6, Records: flat}), "of type 'Other-City', cannot be read as those of a City"},
	} {
		if _, err := mmdb.Open(c.name); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "database of IP locations: ") {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
	if _, err := mmdb.Open(write(t, mmdbtest.Options{Type: "GeoLite2-Country", IPVersion: 6})); err != nil {
		t.Errorf("a database that knows nothing: %v", err)
	}
}

// TestDamage looks addresses up in files with a damaged byte: that may give an error or something else, but it ends.
func TestDamage(t *testing.T) {
	good, err := os.ReadFile(write(t, mmdbtest.Options{Type: "GeoLite2-City", IPVersion: 4, Locations: map[string]geo.Location{"203.0.113.0/25": sydney, "198.51.100.0/24": norway}}))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "a.mmdb")
	opened, failed, refused := 0, 0, 0
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0xff
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := mmdb.Open(name)
		if err != nil {
			refused++
			continue
		}
		opened++
		for _, ip := range []string{"203.0.113.1", "198.51.100.1", "1.2.3.4"} {
			if _, _, err := r.Locate(netip.MustParseAddr(ip)); err != nil {
				failed++
				if !strings.Contains(err.Error(), "is damaged at "+ip) {
					t.Errorf("byte %d: %v", i, err)
				}
			}
		}
	}
	if opened == 0 || failed == 0 || refused == 0 {
		t.Errorf("%d opened, %d lookups failed, %d refused; expected some of each", opened, failed, refused)
	}
}
