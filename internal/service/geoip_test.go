package service_test

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/geo"
	"github.com/vedette-siem/vedette/internal/geo/mmdb/mmdbtest"
	"github.com/vedette-siem/vedette/internal/service"
)

func TestLocationsOfAddresses(t *testing.T) {
	name := filepath.Join(t.TempDir(), "country.mmdb")
	if err := mmdbtest.Write(name, mmdbtest.Options{Type: "GeoLite2-Country", IPVersion: 6, Locations: map[string]geo.Location{"203.0.113.0/24": {Country: "Norway"}}}); err != nil {
		t.Fatal(err)
	}
	c := configOf(t.TempDir())
	c.Content.GeoIP = name
	s := start(t, c, nil)
	const kql = "range i from 113 to 114 step 1 | project Country = tostring(geo_info_from_ip_address(strcat('203.0.', i, '.7')).country) | where isnotempty(Country)"
	if got := s.ask(kql); got != "Norway" {
		t.Errorf("%q", got)
	}

	c = configOf(t.TempDir())
	c.Content.GeoIP = filepath.Join(c.Data, "absent.mmdb")
	if _, err := service.Open(t.Context(), service.Options{Config: c, Clock: wall{}, Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "content.geoIP: ") {
		t.Errorf("a database that is not there: %v", err)
	}
}
