-- Deliveries whose leases were lost, how often in a row, and the lease under which an attempt of a suspect
-- last began. A table of its own, so that the many deliveries that never lose one carry nothing of it.
CREATE TABLE suspects (
    delivery_id TEXT NOT NULL PRIMARY KEY,
    crashes INTEGER NOT NULL,
    started_lease BIGINT
);

-- When the owner was last warned that a webhook is failing. A warning from before failing_since is of the past.
ALTER TABLE webhooks ADD COLUMN failing_warned_at BIGINT;
CREATE INDEX webhooks_failing ON webhooks (failing_since)
    WHERE failing_since IS NOT NULL AND status = 'active' AND deleted_at IS NULL;
