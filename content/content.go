// Package content holds the rules, parsers and hunting queries that come with vedette, laid out as in a
// content repository of Microsoft Sentinel: a folder for each solution. It is data; `vedette test content`
// runs the tests that stand beside the rules.
package content

import "embed"

// FS is the content, with the paths it has in the repository below content/.
//
//go:embed */*
var FS embed.FS

// FoundingRule is the path of "MFA Rejected by User", the rule that `vedette demo` evaluates.
const FoundingRule = "Microsoft Entra ID/Analytic Rules/MFARejectedbyUser.yaml"
