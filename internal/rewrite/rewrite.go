// Package rewrite changes a plan into one that means the same and costs less. Each rule has a name, a
// comment that says why it is right, and tests in testdata.
//
// The package imports rel, funcs and types and nothing else of the project.
package rewrite

import "github.com/vedette-siem/vedette/internal/rel"

// Options are what rewrites may know of the run.
type Options struct {
	// Empty tells which scans give no rows because nothing is stored where they look; nil: none is known to.
	Empty func(*rel.Scan) bool
	// Now is the evaluation time, in ticks.
	Now int64
	// Stop, if set, is asked before every rule; when it gives an error, the plan stays as it is then.
	Stop func() error
}

// Rule is a named rewrite of whole plans. keep are the columns of the plan that are wanted.
type Rule struct {
	Name  string
	Apply func(plan rel.Node, keep []rel.ColID, opts Options) rel.Node
}

// Rules lists the rules in the order they are applied.
func Rules() []Rule {
	return []Rule{
		{"DropEmpty", func(n rel.Node, _ []rel.ColID, o Options) rel.Node { return dropEmpty(n, o) }},
		{"Steps", func(n rel.Node, _ []rel.ColID, _ Options) rel.Node { return steps(n) }},
		{"FilterBelowUnique", func(n rel.Node, _ []rel.ColID, _ Options) rel.Node { return filterBelowUnique(n) }},
		{"GroupsOfOne", func(n rel.Node, _ []rel.ColID, _ Options) rel.Node { return groupsOfOne(n) }},
		{"ApplyUnnest", func(n rel.Node, _ []rel.ColID, _ Options) rel.Node { return applyUnnest(n) }},
		{"RestartByKey", func(n rel.Node, _ []rel.ColID, _ Options) rel.Node { return restartByKey(n) }},
		{"MergeWindows", func(n rel.Node, _ []rel.ColID, _ Options) rel.Node { return mergeWindows(n) }},
		{"PruneColumns", func(n rel.Node, keep []rel.ColID, _ Options) rel.Node { return pruneColumns(n, keep) }},
	}
}

// Apply runs all rules over a plan of which the columns in keep are wanted.
func Apply(plan rel.Node, keep []rel.ColID, opts Options) rel.Node {
	for _, r := range Rules() {
		if opts.Stop != nil && opts.Stop() != nil {
			return plan
		}
		plan = r.Apply(plan, keep, opts)
	}
	return plan
}
