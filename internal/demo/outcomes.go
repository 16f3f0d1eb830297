package demo

import (
	"strconv"

	"github.com/vedette-siem/vedette/internal/types"
)

// firstFactor is how the first step of a sign-in went.
type firstFactor uint8

const (
	factorClaim    firstFactor = iota // the session's token said so
	factorPassword                    // the right password
	factorWrong                       // a wrong one, or none was asked for
)

// secondFactor is how the second step went.
type secondFactor uint8

const (
	mfaNotAsked secondFactor = iota
	mfaClaim                 // the session's token said so
	mfaDone                  // prompted and answered
	mfaFailed                // prompted, and not answered well
	mfaPending               // the sign-in was interrupted to ask
)

// grant is what Conditional Access decided.
type grant uint8

const (
	grantNone    grant = iota // no policy applied
	grantMFA                  // multifactor authentication was required and given
	grantDenied               // it was required and not given
	grantBlocked              // a policy blocks the client
	grants
)

var grantStatus = [grants]string{"notApplied", "success", "failure", "failure"}

// outcome is one way in which a sign-in can end, with the texts that Entra ID writes for it.
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
type outcome struct {
	code      int
	codeText  string
	reason    string // ResultDescription and Status.failureReason
	detail    string // Status.additionalDetails
	status    string // JSON of Status
	first     firstFactor
	second    secondFactor
	grant     grant
	interrupt bool // a step on the way rather than a failure
	declined  bool // the user said no to a prompt, or reported it
}

func newOutcome(code int, reason, detail string, first firstFactor, second secondFactor, grant grant) *outcome {
	o := &outcome{code: code, codeText: strconv.Itoa(code), reason: reason, detail: detail, first: first, second: second, grant: grant}
	o.status = `{"errorCode":` + o.codeText
	if reason != "" {
		o.status += `,"failureReason":` + types.QuoteJSON(reason)
	}
	if detail != "" {
		o.status += `,"additionalDetails":` + types.QuoteJSON(detail)
	}
	o.status += "}"
	switch code {
	case 50055, 50058, 50072, 50074, 50076, 50079, 50097, 50140, 50158, 50199, 65001:
		o.interrupt = true
	}
	return o
}

const reasonStrongAuth = "Authentication failed during strong authentication request."

func newDenied(detail string, declined bool) *outcome {
	o := newOutcome(500121, reasonStrongAuth, detail, factorPassword, mfaFailed, grantDenied)
	o.declined = declined
	return o
}

// The ways in which sign-ins end.
var (
	okSingle    = newOutcome(0, "", "", factorPassword, mfaNotAsked, grantNone)
	okClaim     = newOutcome(0, "", "MFA requirement satisfied by claim in the token", factorClaim, mfaClaim, grantMFA)
	okPartner   = newOutcome(0, "", "MFA requirement satisfied by claim provided by external provider", factorClaim, mfaClaim, grantMFA)
	okCompleted = newOutcome(0, "", "MFA completed in Azure AD", factorPassword, mfaDone, grantMFA)

	declined      = newDenied("MFA denied; user declined the authentication", true)
	reportedFraud = newDenied("MFA denied; Phone App Reported Fraud", true)
	notAnswered   = newDenied("MFA denied; user did not respond to mobile app notification", false)
	wrongNumber   = newDenied("MFA denied; user did not select the correct number", false)
	duplicate     = newDenied("MFA denied; duplicate authentication attempt", false)
	wrongCode     = newDenied("MFA denied; invalid verification code", false)

	wrongPassword   = newOutcome(50126, "Invalid username or password or Invalid on-premise username or password.", "", factorWrong, mfaNotAsked, grantNone)
	unknownUser     = newOutcome(50034, "The user account does not exist in the directory.", "", factorWrong, mfaNotAsked, grantNone)
	lockedOut       = newOutcome(50053, "Account is locked because user tried to sign in too many times with an incorrect user ID or password.", "", factorWrong, mfaNotAsked, grantNone)
	blockedAddress  = newOutcome(50053, "Sign-in was blocked because it came from an IP address with malicious activity.", "", factorWrong, mfaNotAsked, grantNone)
	expiredPassword = newOutcome(50055, "Invalid password, entered expired password.", "", factorPassword, mfaNotAsked, grantNone)
	disabledAccount = newOutcome(50057, "User account is disabled. The account has been disabled by an administrator.", "", factorWrong, mfaNotAsked, grantNone)
	mustEnrol       = newOutcome(50072, "User needs to enroll for second factor authentication.", "", factorPassword, mfaPending, grantDenied)
	strongAuth      = newOutcome(50074, "User did not pass the MFA challenge.", "MFA required in Azure AD", factorPassword, mfaPending, grantDenied)
	mfaByLocation   = newOutcome(50076, "User did not pass the MFA challenge (non interactive).", "", factorClaim, mfaPending, grantDenied)
	mustRegister    = newOutcome(50079, "User needs to enroll for second factor authentication.", "", factorPassword, mfaPending, grantDenied)
	deviceAuth      = newOutcome(50097, "Device authentication is required.", "", factorPassword, mfaNotAsked, grantNone)
	notAssigned     = newOutcome(50105, "The signed in user is not assigned to a role for the application.", "MFA requirement satisfied by claim in the token", factorClaim, mfaClaim, grantMFA)
	keepSignedIn    = newOutcome(50140, "This occurred due to 'Keep me signed in' interrupt when the user was signing-in.", "MFA requirement satisfied by claim in the token", factorPassword, mfaClaim, grantMFA)
	extChallenge    = newOutcome(50158, "External security challenge was not satisfied.", "", factorPassword, mfaPending, grantDenied)
	blockedByPolicy = newOutcome(53003, "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.", "", factorPassword, mfaNotAsked, grantBlocked)
	needsConsent    = newOutcome(65001, "The user or administrator has not consented to use the application.", "", factorClaim, mfaClaim, grantMFA)
	noSession       = newOutcome(50058, "Session information is not sufficient for single-sign-on.", "", factorWrong, mfaNotAsked, grantNone)
	tokenRevoked    = newOutcome(50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed.", "", factorWrong, mfaNotAsked, grantNone)
	sessionExpired  = newOutcome(70043, "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access.", "", factorWrong, mfaNotAsked, grantNone)
	tokenInactive   = newOutcome(700082, "The refresh token has expired due to inactivity.", "", factorWrong, mfaNotAsked, grantNone)
)

// succeeded tells whether UEBA takes the sign-in for a LogOn; else it is a FailedLogOn.
func (o *outcome) succeeded() bool { return o.code == 0 || o.code == 50140 || o.code == 70043 }

// steps of AuthenticationDetails.
type authStep struct {
	result    string
	succeeded bool
}

var firstSteps = [...]authStep{
	factorClaim:    {"First factor requirement satisfied by claim in the token", true},
	factorPassword: {"Correct password", true},
	factorWrong:    {"Invalid username or password", false},
}

// secondStep returns what AuthenticationDetails tells of the second step.
func (o *outcome) secondStep() (s authStep, asked bool) {
	switch o.second {
	case mfaClaim, mfaDone:
		return authStep{o.detail, true}, true
	case mfaFailed:
		return authStep{o.detail, false}, true
	case mfaPending:
		return authStep{"MFA required in Azure AD", false}, true
	}
	return authStep{}, false
}
