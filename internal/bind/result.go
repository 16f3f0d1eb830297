package bind

import (
	"sort"

	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// ResultType returns the type of a call through an overload, of arguments that are converted already; for
// tests that build calls without a query.
func ResultType(sig *funcs.Sig, args []rel.Expr) types.Type { return resultType(sig, args) }

// PluginInfo tells of a plugin for evaluate. Refused is the reason why it is not run; "" if it is.
type PluginInfo struct{ Name, Refused string }

// Plugins lists the plugins that the binder knows, by name.
func Plugins() []PluginInfo {
	var out []PluginInfo
	for name := range plugins() {
		out = append(out, PluginInfo{Name: name})
	}
	for name, why := range refusedPlugins {
		out = append(out, PluginInfo{name, why})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}
