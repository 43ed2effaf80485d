//! How connections are secured, and what is told of one that could not be.

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError,
    SignatureScheme,
};
use rustls_platform_verifier::Verifier;
use webpki::EndEntityCert;

use crate::domain::events::tls_fault::TlsFault;
use crate::domain::time::Ts;

/// TLS 1.2 and 1.3 with certificates that the system trusts.
pub fn config() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Naming(Verifier::new(provider.clone())?);
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    // Only in name: whatever the system's verifier refuses stays refused.
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// What was wrong, when the error comes from securing the connection. I/O errors hold others that are not among
/// their sources. The other side hanging up within the handshake is told by the text alone.
pub fn fault(error: &(dyn StdError + 'static)) -> Option<TlsFault> {
    let Some(io) = error.downcast_ref::<std::io::Error>() else {
        return error.downcast_ref::<Error>().map(of);
    };
    let inner = io.get_ref()?;
    let hung_up = io.kind() == ErrorKind::UnexpectedEof && inner.to_string().contains("handshake");
    fault(inner).or_else(|| hung_up.then_some(TlsFault::Refused))
}

fn of(error: &Error) -> TlsFault {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::AlertReceived(
            AlertDescription::CertificateRequired | AlertDescription::CertificateUnknown,
        ) => TlsFault::WantsCertificate,
        Error::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity,
        )
        | Error::PeerIncompatible(_) => TlsFault::NothingInCommon,
        Error::InvalidMessage(_) => TlsFault::NotTls,
        _ => TlsFault::Refused,
    }
}

fn certificate(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => TlsFault::Expired(moment(*not_after)),
        CertificateError::Expired => TlsFault::Expired(None),
        CertificateError::NotValidYetContext { not_before, .. } => TlsFault::Early(moment(*not_before)),
        CertificateError::NotValidYet => TlsFault::Early(None),
        CertificateError::NotValidForNameContext { presented, .. } => {
            TlsFault::OtherName(presented.iter().filter_map(|name| bare(name)).collect())
        }
        CertificateError::NotValidForName => TlsFault::OtherName(Vec::new()),
        CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
        CertificateError::Other(OtherError(why)) if why.is::<SelfSigned>() => TlsFault::SelfSigned,
        _ => TlsFault::BadCertificate,
    }
}

fn moment(at: UnixTime) -> Option<Ts> {
    Some(Ts::from_millis(i64::try_from(at.as_secs()).ok()?.checked_mul(1_000)?))
}

/// A name out of what the verifier writes: `DnsName("a.example")`, `IpAddress(192.0.2.1)`.
fn bare(written: &str) -> Option<String> {
    let of = |kind: &str| written.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
    of("DnsName").or_else(|| of("IpAddress")).map(|name| name.trim_matches('"').to_owned())
}

/// The system's verifier, which tells besides that a certificate it refused vouches for itself.
#[derive(Debug)]
struct Naming(Verifier);

/// The certificate vouches for itself.
#[derive(Debug, thiserror::Error)]
#[error("the certificate is self-signed")]
struct SelfSigned;

impl ServerCertVerifier for Naming {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.0.verify_server_cert(certificate, others, name, ocsp, now).map_err(|error| match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_))
                if is_self_signed(certificate) =>
            {
                CertificateError::Other(OtherError(Arc::new(SelfSigned))).into()
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    EndEntityCert::try_from(certificate).is_ok_and(|one| one.issuer() == one.subject())
}
