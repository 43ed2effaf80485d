// go run verify.go BODY-FILE SIGNATURE SECRET
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
)

// payload is the raw body, signature the X-Webhook-Signature header, secret the whole `whsec_…`.
func verifyWebhookSignature(payload []byte, signature, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(payload)
	given, err := hex.DecodeString(signature)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}

func main() {
	payload, err := os.ReadFile(os.Args[1])
	if err != nil || !verifyWebhookSignature(payload, os.Args[2], os.Args[3]) {
		os.Exit(1)
	}
}
