-- What the overview and the navigation tell of failures, found without walking through a history.
CREATE INDEX deliveries_failed ON deliveries (bu_id, id) WHERE state = 'exhausted';
CREATE INDEX webhooks_failing_by_bu ON webhooks (bu_id)
    WHERE failing_since IS NOT NULL AND status = 'active' AND deleted_at IS NULL;

-- What the overview reads: an hour of a business unit, over all its endpoints. Each node adds to one of a few shards.
CREATE TABLE unit_hours (
    bu_id TEXT NOT NULL,
    hour BIGINT NOT NULL,
    shard INTEGER NOT NULL,
    delivered BIGINT NOT NULL,
    exhausted BIGINT NOT NULL,
    failed_attempts BIGINT NOT NULL,
    PRIMARY KEY (bu_id, hour, shard)
) WITHOUT ROWID;
INSERT INTO unit_hours (bu_id, hour, shard, delivered, exhausted, failed_attempts)
    SELECT bu_id, hour, 0, SUM(delivered), SUM(exhausted), SUM(failed_attempts)
    FROM delivery_hours GROUP BY bu_id, hour;
