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

// PluginInfo tells of a plugin for evaluate.
type PluginInfo struct {
	Name     string
	Refused  string // the reason why it is not run; "" if it is
	Deviates string // how the result may differ from Kusto's, if it may
}

// Plugins lists the plugins that the binder knows, by name.
func Plugins() []PluginInfo {
	var out []PluginInfo
	for name := range plugins() {
		out = append(out, PluginInfo{Name: name, Deviates: deviatingPlugins[name]})
	}
	for name, why := range refusedPlugins {
		out = append(out, PluginInfo{Name: name, Refused: why})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}
