-- Since when the single-valued signature is made with this version, though older ones still sign beside it.
ALTER TABLE secrets ADD COLUMN hex_since BIGINT;
