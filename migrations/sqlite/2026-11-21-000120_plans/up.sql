-- Whose owners are operators of the installation, and whose logins need a second factor.
ALTER TABLE partners ADD COLUMN is_operator BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE partners ADD COLUMN second_factor_required BOOLEAN NOT NULL DEFAULT FALSE;
