package syntax

import "github.com/vedette-siem/vedette/internal/source"

// tokenKind is the kind of a token. All words of the language are of kind tokKeyword and told apart by their text.
type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokBad
	tokIdent
	tokKeyword
	tokDirective

	tokString
	tokBool
	tokLong
	tokInt
	tokReal
	tokDecimal
	tokDatetime
	tokTimespan
	tokGuid
	tokRawGuid // a guid without guid(…), which is allowed in dynamic(…) only

	tokLParen
	tokRParen
	tokLBracket
	tokRBracket
	tokLBrace
	tokRBrace
	tokBar
	tokLessBar
	tokDot
	tokDotDot
	tokPlus
	tokMinus
	tokStar
	tokSlash
	tokPercent
	tokLess
	tokLessEqual
	tokLessGreater
	tokGreater
	tokGreaterEqual
	tokEqual
	tokEqualEqual
	tokEqualTilde
	tokFatArrow
	tokBang
	tokBangEqual
	tokBangTilde
	tokColon
	tokSemicolon
	tokComma
	tokAt
	tokQuestion
)

// tokenNames are the texts of the tokens that always look the same.
var tokenNames = [...]string{
	tokLParen: "(", tokRParen: ")", tokLBracket: "[", tokRBracket: "]", tokLBrace: "{", tokRBrace: "}",
	tokBar: "|", tokLessBar: "<|", tokDot: ".", tokDotDot: "..", tokPlus: "+", tokMinus: "-", tokStar: "*",
	tokSlash: "/", tokPercent: "%", tokLess: "<", tokLessEqual: "<=", tokLessGreater: "<>", tokGreater: ">",
	tokGreaterEqual: ">=", tokEqual: "=", tokEqualEqual: "==", tokEqualTilde: "=~", tokFatArrow: "=>",
	tokBang: "!", tokBangEqual: "!=", tokBangTilde: "!~", tokColon: ":", tokSemicolon: ";", tokComma: ",",
	tokAt: "@", tokQuestion: "?",
}

// isLiteral tells whether tokens of the kind are literals.
func (k tokenKind) isLiteral() bool { return k >= tokString && k <= tokRawGuid }

// token is a piece of the text. Blanks and comments are no tokens; glued tells that none stand before this one.
type token struct {
	kind  tokenKind
	word  wordClass // of keywords
	glued bool
	start int
	end   int
}

func (t token) span() source.Span { return source.Span{Start: t.start, End: t.end} }
