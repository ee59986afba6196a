//! Words that nobody can guess: nonces, and the key of `\restrict`.

use std::io::Read as _;

/// 128 bits from the system, in hexadecimal. Letters and digits only, as `\restrict` wants its key.
pub(crate) fn token() -> std::io::Result<String> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(hex(&bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
