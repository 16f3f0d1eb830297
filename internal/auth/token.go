package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/vedette-siem/vedette/internal/state"
)

// The form of a token: the prefix, by which scanners for leaked secrets find it, the id of its record, and the secret.
const (
	prefix    = "vdt_"
	idDigits  = 32
	keyDigits = 64 // 256 bits
)

// maxName is how long a token's name may be.
const maxName = 100

// Grant is a token that is to be made.
type Grant struct {
	Name    string
	Role    Role
	Expires time.Time // zero: never
	By      string
}

// Issue makes a token and keeps its record. The text is to be shown once: nothing can bring it back. random is
// crypto/rand.Reader but in tests.
func Issue(tx state.Tx, g Grant, now time.Time, random io.Reader) (text string, kept state.Token, err error) {
	role, err := ParseRole(string(g.Role))
	if err != nil {
		return "", state.Token{}, err
	}
	name := strings.TrimSpace(g.Name)
	switch {
	case name == "":
		return "", state.Token{}, errors.New("a token needs a name")
	case utf8.RuneCountInString(name) > maxName:
		return "", state.Token{}, fmt.Errorf("a token's name has %d characters at most", maxName)
	case !g.Expires.IsZero() && !g.Expires.After(now):
		return "", state.Token{}, fmt.Errorf("the token would have expired at %s", g.Expires.UTC().Format(time.RFC3339))
	}
	var id [idDigits / 2]byte
	var key [keyDigits / 2]byte
	for _, b := range [][]byte{id[:], key[:]} {
		if _, err := io.ReadFull(random, b); err != nil {
			return "", state.Token{}, fmt.Errorf("make a token: %w", err)
		}
	}
	text = prefix + hex.EncodeToString(id[:]) + hex.EncodeToString(key[:])
	kept = state.Token{ID: uuid.UUID(id).String(), Name: name, Role: string(role), Digest: digest(text), Created: now, Expires: g.Expires, By: g.By}
	if err := tx.Tokens().Add(kept); err != nil {
		return "", state.Token{}, err
	}
	return text, kept, nil
}

// digest is what is kept of a token. The secret has 256 random bits, so nothing slower than SHA-256 is called for.
func digest(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// What find tells apart.
var (
	errNoToken = errors.New("the token is not one of this service")
	errExpired = errors.New("the token has expired")
)

// find returns the record of a token. The record is looked up by the id, which is no secret, and the digest compared in
// constant time: how long a refusal takes says nothing about the secret.
func find(tx state.Tx, text string, now time.Time) (state.Token, error) {
	digits, ok := strings.CutPrefix(text, prefix)
	if !ok || len(digits) != idDigits+keyDigits {
		return state.Token{}, errNoToken
	}
	id, err := hex.DecodeString(digits[:idDigits])
	if err != nil {
		return state.Token{}, errNoToken
	}
	kept, err := tx.Tokens().Get(uuid.UUID(id).String())
	if errors.Is(err, state.ErrNotFound) {
		return state.Token{}, errNoToken
	}
	if err != nil {
		return state.Token{}, err
	}
	if subtle.ConstantTimeCompare(kept.Digest, digest(text)) != 1 {
		return state.Token{}, errNoToken
	}
	if !kept.Expires.IsZero() && !now.Before(kept.Expires) {
		return kept, errExpired
	}
	return kept, nil
}
