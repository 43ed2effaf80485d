-- Who hears a business unit from afar: the global partners that reach it, and their webhooks of that reach.
CREATE INDEX partners_of_all ON partners (id) WHERE grants_all;
CREATE INDEX webhooks_by_reach ON webhooks (reach_partner_id) WHERE reach = 'partner' AND deleted_at IS NULL;
-- The Webhooks Dashboard lists global webhooks apart from those of programmes.
CREATE INDEX webhooks_by_origin ON webhooks (bu_id, origin, id) WHERE deleted_at IS NULL;
