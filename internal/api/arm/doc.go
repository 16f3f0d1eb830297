// Package arm serves the REST API of Microsoft Sentinel: the resources of Microsoft.SecurityInsights at the paths, and in
// the shapes, of Azure's resource manager, so that the tools and pipelines that speak to Sentinel speak to vedette.
//
// API is an http.Handler. Its routes stand in one table (routes.go), each with the right it asks for and the shapes it
// takes and gives; the router, the authorization, the audit trail and GET /openapi.json all come from that table. What
// cannot be had here, such as teams and Logic Apps, is refused with a code and a reason (refused.go), never pretended.
//
// Start with Options and New in api.go, then request.go, which reads what all requests have in common, and rules.go as
// the plainest resource. The package knows no query engine, no store's driver and no clock.
//
// https://learn.microsoft.com/rest/api/securityinsights/
package arm
