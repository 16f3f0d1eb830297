package clients_test

import (
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/clients"
)

func TestThePackagesInstall(t *testing.T) {
	out := clients.Run(t, "versions.mjs", "ASKED=by a test")
	for _, want := range []string{"@azure/arm-securityinsight 1.0.0-beta.6", "@azure/monitor-ingestion 1.2.0", "asked by a test"} {
		if !strings.Contains(out, want) {
			t.Errorf("versions.mjs does not print %q:\n%s", want, out)
		}
	}
}
