<?php // php verify.php BODY-FILE SIGNATURE SECRET

// $payload is the raw body, $signature the X-Webhook-Signature header, $secret the whole `whsec_…`.
function verify_webhook_signature(string $payload, string $signature, string $secret): bool
{
    return hash_equals(hash_hmac('sha256', $payload, $secret), $signature);
}

[, $file, $signature, $secret] = $argv;
exit(verify_webhook_signature(file_get_contents($file), $signature, $secret) ? 0 : 1);
