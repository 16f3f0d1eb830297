package deliver_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vedette-siem/vedette/internal/deliver"
)

// A receiver checks what it gets with nothing but the secret it shares with vedette.
func ExampleSign() {
	verify := func(secret, header, body string, now time.Time) bool {
		t, rest, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",")
		sent, err := strconv.ParseInt(t, 10, 64)
		if err != nil || now.Sub(time.Unix(sent, 0)).Abs() > 5*time.Minute {
			return false // an old call, made again
		}
		got, err := hex.DecodeString(strings.TrimPrefix(rest, "v1="))
		if err != nil {
			return false
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(t + "." + body))
		return hmac.Equal(got, mac.Sum(nil))
	}

	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	body := `{"deliveryId":"0c5a"}`
	header := deliver.Sign("s3cret", at, []byte(body))
	fmt.Println(header)
	fmt.Println(verify("s3cret", header, body, at.Add(time.Minute)))
	fmt.Println(verify("s3cret", header, body+" ", at.Add(time.Minute)))
	fmt.Println(verify("another", header, body, at.Add(time.Minute)))
	fmt.Println(verify("s3cret", header, body, at.Add(time.Hour)))
	// Output:
	// t=1772366400,v1=b4e0dbbeb8a46f60ad085faf22d56844d5e7f9c840833f43448142e777c28b83
	// true
	// false
	// false
	// false
}
