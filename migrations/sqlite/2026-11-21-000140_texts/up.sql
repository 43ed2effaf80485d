-- What webhooks are found by: id, name and addresses of each as one folded text, so that a search reads no webhook
-- that does not hold what is looked for. The program writes what is missing after this step: SQL folds no accents.
CREATE TABLE webhook_texts (
    bu_id TEXT NOT NULL REFERENCES business_units (id),
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    folded TEXT NOT NULL,
    PRIMARY KEY (bu_id, webhook_id)
) WITHOUT ROWID;

-- How many are active stands on every list of them, and a list may show one status only.
CREATE INDEX webhooks_by_status ON webhooks (bu_id, status, id) WHERE deleted_at IS NULL;
