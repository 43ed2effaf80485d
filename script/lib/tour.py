"""The README's tour with a generated client. Usage: tour.py BASE-URL TOKEN, the client being importable as `bellwire_client`."""

import hashlib
import hmac
import http.server
import json
import sys
import threading
import time

from bellwire_client import AuthenticatedClient
from bellwire_client.api.deliveries import list_webhook_deliveries
from bellwire_client.api.events import get_event, list_events, publish_event
from bellwire_client.api.tokens import get_own_token
from bellwire_client.api.webhooks import create_webhook, delete_webhook, get_webhook, test_webhook
from bellwire_client.models import EventBody, EventBodyData, Problem, TestBody, WebhookBody

base, token = sys.argv[1:]
received = []
arrived = threading.Condition()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with arrived:
            received.append((body, dict(self.headers.items())))
            arrived.notify_all()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = AuthenticatedClient(base_url=base, token=token, raise_on_unexpected_status=True)

me = get_own_token.sync(client=client)
assert me.data.business_unit.name, me

address = f"http://127.0.0.1:{server.server_port}/"
made = create_webhook.sync(client=client, body=WebhookBody(url=address, events=["order.completed"], description="Tour"))
webhook, secret = made.data.id, made.data.secret
assert secret.startswith("whsec_"), made
assert "•" in get_webhook.sync(webhook, client=client).data.secret

data = EventBodyData.from_dict({"id": "ord_1", "total": "49.00"})
event = EventBody(type_="order.completed", data=data)
first = publish_event.sync_detailed(client=client, body=event, idempotency_key="tour-1")
again = publish_event.sync_detailed(client=client, body=event, idempotency_key="tour-1")
assert first.status_code == 202 and first.parsed.data.id == again.parsed.data.id, (first, again)
assert again.headers["idempotency-replayed"] == "true"

with arrived:
    assert arrived.wait_for(lambda: received, timeout=30), "nothing arrived"
body, headers = received[0]
expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
assert hmac.compare_digest(expected, {k.lower(): v for k, v in headers.items()}["x-webhook-signature"])
assert json.loads(body)["id"] == first.parsed.data.id

assert [found.id for found in list_events.sync(client=client, type_="order.completed").data] == [first.parsed.data.id]
for _ in range(300):
    seen = get_event.sync(first.parsed.data.id, client=client).data
    if seen.outcome == "delivered":
        break
    time.sleep(0.1)
assert seen.deliveries[0].attempts[0].status == 200, seen
assert list_webhook_deliveries.sync(webhook, client=client).data[0].state == "delivered"

tested = test_webhook.sync(webhook, client=client, body=TestBody(event="user.created"))
assert tested.success and tested.details.status_code == 200, tested

assert delete_webhook.sync(webhook, client=client).success
gone = get_webhook.sync(webhook, client=client)
assert isinstance(gone, Problem) and gone.code == "not_found", gone
print("tour: the generated client did all of it")
