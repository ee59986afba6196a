//! Network addresses (`network_out`, `macaddr_out`).

use super::{Bytes, Malformed};

const IPV4: u8 = 2;
const IPV6: u8 = 3;

pub(super) fn inet(raw: &[u8]) -> Result<String, Malformed> {
    let mut raw = Bytes(raw);
    let [family, bits, is_cidr, _length] = raw.take()?;
    let (address, all) = match family {
        IPV4 => {
            let [a, b, c, d] = raw.take()?;
            (format!("{a}.{b}.{c}.{d}"), 32)
        }
        IPV6 => (ipv6(raw.take()?), 128),
        _ => return Err(Malformed),
    };
    raw.end()?;
    // A cidr always shows its prefix, an inet only where it is no single host.
    Ok(if is_cidr != 0 || bits != all { format!("{address}/{bits}") } else { address })
}

/// As `inet_net_ntop` does: the first longest run of two or more zero words becomes `::`, and what
/// looks like an embedded IPv4 address ends in one.
fn ipv6(bytes: [u8; 16]) -> String {
    let word = |n: usize| u16::from_be_bytes([bytes[2 * n], bytes[2 * n + 1]]);
    let mut best: Option<(usize, usize)> = None;
    let mut n = 0;
    while n < 8 {
        let length = (n..8).take_while(|m| word(*m) == 0).count();
        if length >= 2 && best.is_none_or(|(_, longest)| length > longest) {
            best = Some((n, length));
        }
        n += length.max(1);
    }
    let mut out = String::new();
    let mut n = 0;
    while n < 8 {
        if let Some((start, length)) = best
            && n == start
        {
            out.push_str("::");
            n += length;
            continue;
        }
        if n > 0 && !out.ends_with(':') {
            out.push(':');
        }
        let embedded = best.is_some_and(|(start, length)| {
            start == 0
                && (length == 6
                    || (length == 7 && word(7) != 1)
                    || (length == 5 && word(5) == 0xFFFF))
        });
        if n == 6 && embedded {
            let [.., a, b, c, d] = bytes;
            out.push_str(&format!("{a}.{b}.{c}.{d}"));
            break;
        }
        out.push_str(&format!("{:x}", word(n)));
        n += 1;
    }
    out
}

pub(super) fn mac(raw: &[u8]) -> Result<String, Malformed> {
    if !matches!(raw.len(), 6 | 8) {
        return Err(Malformed);
    }
    let parts: Vec<String> = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(parts.join(":"))
}
