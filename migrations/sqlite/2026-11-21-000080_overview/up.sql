-- What the overview and the navigation tell of failures, found without walking through a history.
CREATE INDEX deliveries_failed ON deliveries (bu_id, id) WHERE state = 'exhausted';
CREATE INDEX webhooks_failing_by_bu ON webhooks (bu_id)
    WHERE failing_since IS NOT NULL AND status = 'active' AND deleted_at IS NULL;
