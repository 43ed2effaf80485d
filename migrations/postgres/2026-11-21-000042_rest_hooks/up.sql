-- Webhooks that a tool subscribed for itself through /hooks, and may unsubscribe there.
ALTER TABLE webhooks ADD COLUMN rest_hook BOOLEAN NOT NULL DEFAULT FALSE;
