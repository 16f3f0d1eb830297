// Package auth says who calls the HTTP APIs and what they may do.
//
// A Token stands for a person or a program. Its text is random, shown once and never kept: the state has a digest of it,
// a role and a date of expiry. Guard is the middleware that reads `Authorization: Bearer`, puts the Principal into the
// request's context, and refuses others in the error shape of Azure's resource manager; handlers then ask Permit. Record
// leaves an entry in the audit trail. CheckListen judges whether a server may listen at an address with what it has.
//
// The package reads no clock and makes no listener: both are handed in, or left to the caller. Start with Role in role.go,
// then Guard in guard.go.
package auth
