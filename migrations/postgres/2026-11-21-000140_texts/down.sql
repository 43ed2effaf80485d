-- Migrations go forward only: restore a backup to go back.
SELECT 1;
