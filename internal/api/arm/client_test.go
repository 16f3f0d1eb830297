package arm

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vedette-siem/vedette/internal/auth"
	"github.com/vedette-siem/vedette/internal/clients"
)

// TestOfficialClient has Microsoft's own client do what its users do.
func TestOfficialClient(t *testing.T) {
	b := newBench(t)
	alerts := b.raise(2)
	s := httptest.NewTLSServer(b.handler)
	defer s.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	out := clients.Run(t, "securityinsight.mjs", "SERVER="+s.URL, "TOKEN="+b.tokens[auth.Contributor], "SUBSCRIPTION="+b.api.Workspace.Subscription,
		"GROUP="+b.api.Workspace.ResourceGroup, "WORKSPACE="+b.api.Workspace.Name, "ALERT="+alerts[1], "NODE_EXTRA_CA_CERTS="+ca)
	if want := "rules, templates, automation, incidents, parts of incidents, watchlists, the rest"; strings.TrimSpace(out) != want {
		t.Errorf("the client went through %q, expected %q", out, want)
	}
}
