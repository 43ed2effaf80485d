// dotnet run verify.cs BODY-FILE SIGNATURE SECRET
using System.Security.Cryptography;
using System.Text;

var good = VerifyWebhookSignature(File.ReadAllBytes(args[0]), args[1], args[2]);
return good ? 0 : 1;

// payload is the raw body, signature the X-Webhook-Signature header, secret the whole `whsec_…`.
static bool VerifyWebhookSignature(byte[] payload, string signature, string secret)
{
    var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), payload);
    var expected = Convert.ToHexString(mac).ToLowerInvariant();
    return CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(expected), Encoding.UTF8.GetBytes(signature));
}
