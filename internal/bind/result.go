package bind

import (
	"github.com/vedette-siem/vedette/internal/funcs"
	"github.com/vedette-siem/vedette/internal/rel"
	"github.com/vedette-siem/vedette/internal/types"
)

// ResultType returns the type of a call through an overload, of arguments that are converted already; for
// tests that build calls without a query.
func ResultType(sig *funcs.Sig, args []rel.Expr) types.Type { return resultType(sig, args) }
