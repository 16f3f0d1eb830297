// Package rewrite changes a plan into one that means the same and costs less. Each rule has a name, a
// comment that says why it is right, and tests in testdata.
//
// The package imports rel, funcs and types and nothing else of the project.
package rewrite

import "github.com/vedette-siem/vedette/internal/rel"

// Rule is a named rewrite of whole plans.
type Rule struct {
	Name  string
	Apply func(plan rel.Node, keep []rel.ColID) rel.Node
}

// Rules lists the rules in the order they are applied.
func Rules() []Rule {
	return []Rule{
		{"Steps", steps},
		{"FilterBelowUnique", filterBelowUnique},
		{"PruneColumns", pruneColumns},
	}
}

// Apply runs all rules over a plan of which the columns in keep are wanted.
func Apply(plan rel.Node, keep []rel.ColID) rel.Node {
	for _, r := range Rules() {
		plan = r.Apply(plan, keep)
	}
	return plan
}
