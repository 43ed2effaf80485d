// node verify.js BODY-FILE SIGNATURE SECRET
const crypto = require('crypto');

// `payload` is the raw body, `signature` the X-Webhook-Signature header, `secret` the whole `whsec_…`.
function verifyWebhookSignature(payload, signature, secret) {
  const expected = Buffer.from(crypto.createHmac('sha256', secret).update(payload).digest('hex'));
  const given = Buffer.from(signature);
  return given.length === expected.length && crypto.timingSafeEqual(given, expected);
}

const [file, signature, secret] = process.argv.slice(2);
const good = verifyWebhookSignature(require('fs').readFileSync(file), signature, secret);
process.exit(good ? 0 : 1);
