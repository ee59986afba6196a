//! libpq's `sslmode` in rustls.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::ConnectError;
use crate::settings::{RootCertificates, SslMode};

/// Makes the connector for the modes that may speak TLS; `None` for `disable`.
///
/// The provider is always named: rustls panics where a program links two and chose none.
pub(crate) fn connector(
    mode: SslMode,
    roots: &RootCertificates,
) -> Result<Option<MakeRustlsConnect>, ConnectError> {
    if mode == SslMode::Disable {
        return Ok(None);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trusted(roots)? {
        None => Arc::new(Anybody(provider.clone())),
        Some((store, roots_given)) => {
            let chain =
                WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
                    .build()
                    .map_err(|error| root_error(roots, error.to_string()))?;
            let name = match mode {
                SslMode::VerifyFull => Name::Checked,
                SslMode::Disable
                | SslMode::Allow
                | SslMode::Prefer
                | SslMode::Require
                | SslMode::VerifyCa => Name::Any,
            };
            Arc::new(Trusted { chain, roots: roots_given, name })
        }
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ConnectError::TlsSetup)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Some(MakeRustlsConnect::new(config)))
}

fn root_error(roots: &RootCertificates, problem: String) -> ConnectError {
    match roots {
        RootCertificates::File(path) => {
            ConnectError::RootCertificates { path: path.clone(), problem }
        }
        RootCertificates::None | RootCertificates::System => ConnectError::SystemRoots { problem },
    }
}

/// The roots as rustls keeps them, and the certificates of a file as they are.
type Roots = (RootCertStore, Vec<CertificateDer<'static>>);

fn trusted(roots: &RootCertificates) -> Result<Option<Roots>, ConnectError> {
    let mut store = RootCertStore::empty();
    let mut given = Vec::new();
    match roots {
        RootCertificates::None => return Ok(None),
        RootCertificates::System => {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
            if store.is_empty() {
                let problems: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
                return Err(root_error(roots, problems.join("; ")));
            }
        }
        RootCertificates::File(path) => {
            let bad = |problem: String| root_error(roots, problem);
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|error| bad(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| bad(error.to_string()))?;
                store.add(certificate.clone()).map_err(|error| bad(error.to_string()))?;
                given.push(certificate);
            }
            if store.is_empty() {
                return Err(bad("there is no PEM certificate in it".to_owned()));
            }
        }
    }
    Ok(Some((store, given)))
}

/// `require` and below without root certificates: whoever answers, as long as the key is theirs.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether the certificate must be for the host that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// `verify-full`.
    Checked,
    /// `verify-ca`: a trusted chain, for whichever name.
    Any,
}

/// A chain to a trusted root, or the trusted certificate itself.
#[derive(Debug)]
struct Trusted {
    chain: Arc<WebPkiServerVerifier>,
    roots: Vec<CertificateDer<'static>>,
    name: Name,
}

impl Trusted {
    /// A self-signed server certificate, given as its own root, is how many servers are set up;
    /// libpq takes it. rustls refuses it as a CA's, after it has found its dates to be valid and
    /// before it looks at the name.
    fn is_itself_a_root(&self, end_entity: &CertificateDer<'_>, error: &rustls::Error) -> bool {
        let as_ca = matches!(
            error,
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner)))
                if inner.to_string() == "CaUsedAsEndEntity"
        );
        as_ca && self.roots.iter().any(|root| root == end_entity)
    }
}

impl ServerCertVerifier for Trusted {
    /// rustls looks at the chain first and at the name last, so a wrong name means a good chain.
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.chain.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match (verified, self.name) {
            (
                Err(rustls::Error::InvalidCertificate(
                    CertificateError::NotValidForName
                    | CertificateError::NotValidForNameContext { .. },
                )),
                Name::Any,
            ) => Ok(ServerCertVerified::assertion()),
            (Err(error), name) if self.is_itself_a_root(end_entity, &error) => {
                if name == Name::Checked {
                    let parsed = ParsedCertificate::try_from(end_entity)?;
                    verify_server_name(&parsed, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            (verified, _) => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// `openssl req -x509 … -subj /CN=localhost -addext subjectAltName=DNS:localhost`, whose key
    /// was thrown away.
    const SELF_SIGNED: &str = "\
-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUQj24atIn9Wpqd39W5Lhf7Q62+gAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzIzMzkwOFoYDzIwODEwODI2
MjMzOTA4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT4F0LEokob5L1gRpnYpiGU3odDDqayr2Dm9Qslz/r3Bjs2PAr+YRZs
0icg006YapkUvfXRnvM/Fq0Zx9DwS93Wo2kwZzAdBgNVHQ4EFgQUjECGP4l8YlQR
A5SNsXh32RIaSxIwHwYDVR0jBBgwFoAUjECGP4l8YlQRA5SNsXh32RIaSxIwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgQ/QCRz9QlFTu31cR1ePKo/Uw3L/rJahiwhAbn/2i8lECIQDqsza5wAJG
zCWXQ+mdI9toPkChsYsi8Q934Du8diLQkA==
-----END CERTIFICATE-----";

    fn verify(name: Name, host: &str, years: u64) -> Result<(), rustls::Error> {
        let certificate = CertificateDer::from_pem_slice(SELF_SIGNED.as_bytes()).unwrap();
        let mut store = RootCertStore::empty();
        store.add(certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build().unwrap();
        let trusted = Trusted { chain, roots: vec![certificate.clone()], name };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(years * 31_557_600));
        let host = ServerName::try_from(host).unwrap();
        trusted.verify_server_cert(&certificate, &[], &host, &[], now).map(|_| ())
    }

    #[test]
    fn a_certificate_that_is_its_own_root_is_held_to_its_dates_and_name() {
        verify(Name::Any, "elsewhere", 70).unwrap();
        verify(Name::Checked, "localhost", 70).unwrap();
        verify(Name::Checked, "elsewhere", 70).unwrap_err();
        let expired = verify(Name::Any, "localhost", 200).unwrap_err();
        assert!(expired.to_string().contains("expired"), "{expired}");
        verify(Name::Any, "localhost", 1).unwrap_err();
    }
}
