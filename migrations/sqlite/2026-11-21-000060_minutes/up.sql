-- What the charts of an hour and of a day read: two minutes of one endpoint, kept for two days. The columns are
-- those of delivery_hours.
CREATE TABLE delivery_minutes (
    webhook_id TEXT NOT NULL,
    minute BIGINT NOT NULL,
    endpoint_id TEXT NOT NULL,
    bu_id TEXT NOT NULL,
    delivered BIGINT NOT NULL,
    exhausted BIGINT NOT NULL,
    failed_attempts BIGINT NOT NULL,
    begun BIGINT NOT NULL,
    failed_first BIGINT NOT NULL,
    le_10 BIGINT NOT NULL,
    le_25 BIGINT NOT NULL,
    le_50 BIGINT NOT NULL,
    le_100 BIGINT NOT NULL,
    le_250 BIGINT NOT NULL,
    le_500 BIGINT NOT NULL,
    le_1000 BIGINT NOT NULL,
    le_2500 BIGINT NOT NULL,
    le_5000 BIGINT NOT NULL,
    le_10000 BIGINT NOT NULL,
    le_30000 BIGINT NOT NULL,
    PRIMARY KEY (webhook_id, minute, endpoint_id)
) WITHOUT ROWID;
CREATE INDEX delivery_minutes_by_age ON delivery_minutes (minute);

-- Deliveries by their first attempt, and those of them that failed: each is counted once, however long it is tried.
ALTER TABLE delivery_hours ADD COLUMN begun BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery_hours ADD COLUMN failed_first BIGINT NOT NULL DEFAULT 0;
-- A chart reads a stretch of time of one webhook, whatever came before it.
CREATE INDEX delivery_hours_by_webhook ON delivery_hours (webhook_id, hour);

-- What was done to one thing, without a walk through the whole log.
CREATE INDEX audit_of_target ON audit (bu_id, target_id, seq);
