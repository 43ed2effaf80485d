// Usage: verify.cjs PAYLOAD-FILE SIGNATURE SECRET. Exit code 0: the signature is good; 1: it is not.
// Between the two lines stands the sample which receivers are given, unchanged.
// ---
const crypto = require('crypto');

function verifyWebhookSignature(payload, signature, secret) {
  const expectedSignature = crypto
    .createHmac('sha256', secret)
    .update(payload)
    .digest('hex');
  
  return crypto.timingSafeEqual(
    Buffer.from(signature),
    Buffer.from(expectedSignature)
  );
}
// ---
const [payload, signature, secret] = process.argv.slice(2);
let good = false;
try {
  good = verifyWebhookSignature(require('fs').readFileSync(payload), signature, secret);
} catch (error) {
  if (!(error instanceof RangeError)) throw error; // a signature of another length
}
if (!good) {
  console.error('refused: the signature does not match');
  process.exit(1);
}
