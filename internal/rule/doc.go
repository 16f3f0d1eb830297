// Package rule reads analytics rules and hunting queries: the YAML files of Microsoft Sentinel content
// repositories, and the tests that stand beside them.
//
// Load turns a file into a Rule and the faults found in it; LoadTests does the same for a rule's tests, LoadProperties for
// a rule as the REST API has it (PropertiesOf is the way back), and LoadTemplate for Azure's deployment templates. A fault
// is an Error where the service refuses the rule or it cannot run, and a Warning where shipped content has the
// fault and the rule still means something; diag.go lists them all, each with its reason and an example.
//
// Start with Rule in model.go, then load.go, which reads the file field by field. The package knows no clock, no
// server and no query engine: it must import none of syntax, bind, query, sched and alert. The query text is
// not looked into here beyond its length; QueryFile gives it to the compiler with its place in the file.
//
// https://learn.microsoft.com/azure/sentinel/sentinel-analytic-rules-creation
package rule
