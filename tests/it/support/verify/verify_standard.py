"""Usage: verify_standard.py PAYLOAD-FILE SECRET HEADERS-AS-JSON. Exit code 0: the package from PyPI takes it; 1: it does not."""
import json
import pathlib
import sys

from standardwebhooks import Webhook, WebhookVerificationError

payload, secret, headers = sys.argv[1:]
try:
    Webhook(secret).verify(pathlib.Path(payload).read_bytes(), json.loads(headers))
except WebhookVerificationError as error:
    sys.exit(f"refused: {error}")
