package funcs

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/types"
)

// places are Locations by address.
type places map[string]geo.Location

var errDamaged = errors.New("damaged")

func (p places) Locate(ip netip.Addr) (geo.Location, bool, error) {
	if ip == netip.MustParseAddr("9.9.9.9") {
		return geo.Location{}, false, errDamaged
	}
	l, ok := p[ip.String()]
	return l, ok, nil
}

func TestGeoInfo(t *testing.T) {
	with := All().WithLocations(places{
		"1.2.3.4":     {Country: "Australia", State: "New South Wales", City: `"S"ydney`, Coord: geo.Coord{151.2006, -33}, HasCoord: true},
		"1.2.3.5":     {Country: "Norway"},
		"1.2.3.6":     {Coord: geo.Coord{0, 0}, HasCoord: true},
		"2001:db8::1": {City: "X"},
	})
	for _, c := range []struct {
		ip, want string // "": null
		refused  bool   // without locations
		fault    error
	}{
		{"1.2.3.4", `{"country":"Australia","state":"New South Wales","city":"\"S\"ydney","latitude":-33.0,"longitude":151.2006}`, true, nil},
		{"1.2.3.5", `{"country":"Norway"}`, true, nil},
		{"1.2.3.6", `{"latitude":0.0,"longitude":0.0}`, true, nil},
		{"2001:DB8:0::1", `{"city":"X"}`, true, nil},
		{"::ffff:1.2.3.5", `{"country":"Norway"}`, true, nil},
		{"10.0.0.1", "", true, nil}, {"::1", "", true, nil},
		{"9.9.9.9", "", true, errDamaged},
		{"", "", false, nil}, {"1.2.3", "", false, nil}, {"1.2.3.5/24", "", false, nil}, {"2001:db8::1%eth0", "", false, nil}, {"1.2.3.5:80", "", false, nil}, {"host", "", false, nil},
	} {
		call := func(s *Set) (string, error) {
			f, ok := s.Lookup(Scalar, "geo_info_from_ip_address")
			if !ok || f.Family == "" {
				t.Fatal("the function is gone")
			}
			ctx := &Ctx{Out: types.Dynamic, Args: []types.Type{types.String}}
			v := f.Call(ctx, f.Body(&f.Sigs[0]), []types.Value{types.StringOf(c.ip)})
			if v.IsNull() {
				return "", ctx.Err()
			}
			return v.Text(), ctx.Err()
		}
		if got, err := call(with); got != c.want || !errors.Is(err, c.fault) {
			t.Errorf("%s: %s, %v; want %s, %v", c.ip, got, err, c.want, c.fault)
		}
		if got, err := call(All()); got != "" || errors.Is(err, ErrNoLocations) != c.refused {
			t.Errorf("%s without locations: %s, %v", c.ip, got, err)
		}
	}
	if len(with.Funcs()) != len(All().Funcs()) {
		t.Error("other functions came or went")
	}
	for i, f := range All().Funcs() {
		if g := with.Funcs()[i]; (f != g) != (f.Name == "geo_info_from_ip_address") {
			t.Errorf("%s was replaced, or was not", f.Name)
		}
	}
}
