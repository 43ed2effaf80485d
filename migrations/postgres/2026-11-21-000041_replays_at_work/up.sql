-- A replay is carried on in small steps by whichever node is free: when the next is due, and what came of it.
ALTER TABLE replays ADD COLUMN skipped BIGINT NOT NULL DEFAULT 0;
ALTER TABLE replays ADD COLUMN reason TEXT;
ALTER TABLE replays ADD COLUMN next_at BIGINT;
CREATE INDEX replays_due ON replays (next_at) WHERE state = 'running';
CREATE UNIQUE INDEX replays_running ON replays (webhook_id) WHERE state = 'running';
