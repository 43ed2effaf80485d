// java Verify.java BODY-FILE SIGNATURE SECRET
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Verify {
    // payload is the raw body, signature the X-Webhook-Signature header, secret the whole `whsec_…`.
    static boolean verifyWebhookSignature(byte[] payload, String signature, String secret) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        String expected = HexFormat.of().formatHex(mac.doFinal(payload));
        return MessageDigest.isEqual(
            expected.getBytes(StandardCharsets.UTF_8), signature.getBytes(StandardCharsets.UTF_8));
    }

    public static void main(String[] args) throws Exception {
        boolean good = verifyWebhookSignature(Files.readAllBytes(Path.of(args[0])), args[1], args[2]);
        System.exit(good ? 0 : 1);
    }
}
