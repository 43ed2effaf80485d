# python3 verify.py BODY-FILE SIGNATURE SECRET
import hashlib
import hmac
import sys


# `payload` is the raw body, `signature` the X-Webhook-Signature header, `secret` the whole `whsec_…`.
def verify_webhook_signature(payload: bytes, signature: str, secret: str) -> bool:
    expected = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


if __name__ == "__main__":
    file, signature, secret = sys.argv[1:]
    with open(file, "rb") as body:
        sys.exit(0 if verify_webhook_signature(body.read(), signature, secret) else 1)
