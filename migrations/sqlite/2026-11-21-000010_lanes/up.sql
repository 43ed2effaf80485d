-- What waits is claimed endpoint by endpoint, so that one with a long queue takes no place from another.
DROP INDEX deliveries_due;
DROP INDEX deliveries_waiting;
CREATE INDEX deliveries_ready ON deliveries (endpoint_id, next_at) WHERE state = 'ready';
