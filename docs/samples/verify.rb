# ruby verify.rb BODY-FILE SIGNATURE SECRET
require 'openssl'

# `payload` is the raw body, `signature` the X-Webhook-Signature header, `secret` the whole `whsec_…`.
def verify_webhook_signature(payload, signature, secret)
  OpenSSL.secure_compare(OpenSSL::HMAC.hexdigest('SHA256', secret, payload), signature)
end

file, signature, secret = ARGV
exit verify_webhook_signature(File.binread(file), signature, secret)
