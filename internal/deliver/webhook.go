package deliver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// The headers that a webhook gets besides those of its rule.
const (
	DeliveryHeader  = "X-Vedette-Delivery"  // the same for every try of a delivery
	SignatureHeader = "X-Vedette-Signature" // where a secret is named; see Sign
)

// Sign returns the value of SignatureHeader: t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of "t.body">. A receiver
// computes the same with the secret it shares, compares in constant time, and refuses a t that is minutes away from its
// own clock, so that a call which someone has overheard cannot be made again.
func Sign(secret string, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// client returns a client that asks nobody's leave but control's, which sees every address before it is connected to.
// It takes no proxy from the environment: control would then judge the proxy's address and not the webhook's.
func (d *Deliverer) client(control func(ctx context.Context, network, address string, c syscall.RawConn) error) *http.Client {
	dialer := &net.Dialer{Timeout: d.o.Timeout, ControlContext: control}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: minTLS, RootCAs: d.o.RootCAs}, ForceAttemptHTTP2: true,
			MaxConnsPerHost: d.o.MaxConns, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxHeaderBytes,
		},
		// where a redirection leads nobody has judged, and a POST would often become a GET
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post calls a webhook.
func (d *Deliverer) post(ctx context.Context, client *http.Client, to Playbook, due *Message, id string) error {
	body, err := due.payload(id)
	if err != nil {
		return refuse("%w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return refuse("the URL cannot be called")
	}
	for name, value := range to.Headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", d.o.UserAgent)
	req.Header.Set(DeliveryHeader, id)
	if to.Secret != "" {
		secret, err := d.secret(to.Secret)
		if err != nil {
			return err
		}
		req.Header.Set(SignatureHeader, Sign(secret, d.o.Now(), body))
	}
	res, err := client.Do(req)
	if err != nil {
		return callFault(err, req.URL)
	}
	defer func() { _ = res.Body.Close() }() // read or not, it has served
	// the status decides, so an answer that breaks off is as good as a whole one
	answer, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
	if res.StatusCode/100 == 2 {
		return nil
	}
	said := quoted(answer)
	if res.StatusCode/100 == 3 {
		said = " (redirections are not followed)"
	}
	return &fault{
		err:       fmt.Errorf("%s answered %s%s", req.URL.Host, res.Status, said),
		permanent: permanentStatus(res.StatusCode), after: retryAfter(res.Header.Get("Retry-After"), d.o.Now()),
	}
}

// permanentStatus tells whether a status is about the request, so that the same request will get it again.
// https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx
func permanentStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status/100 == 4
}

// retryAfter reads a Retry-After header: seconds, or a date.
// https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if n, err := strconv.ParseUint(header, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(n, uint64(maxWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(at.Sub(now), 0), maxWait)
	}
	return 0
}

// callFault judges an error of a call that got no answer. The URL is kept out of it: it often holds a token.
func callFault(err error, u *url.URL) error {
	var call *url.Error
	if errors.As(err, &call) {
		err = call.Err
	}
	var refused *refusedAddress
	return &fault{err: fmt.Errorf("call %s: %w", u.Host, err), permanent: errors.As(err, &refused)}
}

// quoted returns the beginning of an answer for an error, on one line.
func quoted(answer []byte) string {
	s := strings.Join(strings.FieldsFunc(strings.ToValidUTF8(string(answer), ""), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if s == "" {
		return ""
	}
	return ": " + cut(s, maxAnswerQuoted)
}

// checkHeaders refuses headers that are not for rules to set, and those that are none.
func checkHeaders(headers map[string]string) error {
	for name, value := range headers {
		key := http.CanonicalHeaderKey(name)
		switch key {
		case "Host", "Content-Length", "Content-Type", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Upgrade",
			"Expect", "User-Agent", DeliveryHeader, SignatureHeader:
			return fmt.Errorf("header %s cannot be set", key)
		}
		if !validName(name) {
			return fmt.Errorf("%q is no name of a header", name)
		}
		if !validValue(value) {
			return fmt.Errorf("header %s has control characters", key)
		}
	}
	return nil
}

// validName tells whether s is a token. https://www.rfc-editor.org/rfc/rfc9110#name-tokens
func validName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func validValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
