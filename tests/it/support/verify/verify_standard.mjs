// Usage: verify_standard.mjs PAYLOAD-FILE SECRET HEADERS-AS-JSON. Exit code 0: the package from npm takes it; 1: it does not.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.BELLWIRE_TEST_VERIFIERS, 'package.json'));
const { Webhook, WebhookVerificationError } = require('standardwebhooks');
const [payload, secret, headers] = process.argv.slice(2);
try {
  new Webhook(secret).verify(readFileSync(payload, 'utf8'), JSON.parse(headers));
} catch (error) {
  if (!(error instanceof WebhookVerificationError)) throw error;
  console.error(`refused: ${error.message}`);
  process.exit(1);
}
