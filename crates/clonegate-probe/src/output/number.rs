//! Numbers (`float4out`, `float8out`, `numeric_out`).

use super::{Bytes, Malformed};

/// `FLT_DIG` and `DBL_DIG`: from this many digits on, a float is printed with an exponent.
const FLOAT4_DIGITS: i32 = 6;
const FLOAT8_DIGITS: i32 = 15;

pub(super) fn float4(float: f32) -> String {
    float_text(float.is_nan(), float.is_infinite(), float.is_sign_negative(), &format!("{float:e}"), FLOAT4_DIGITS)
}

pub(super) fn float8(float: f64) -> String {
    float_text(float.is_nan(), float.is_infinite(), float.is_sign_negative(), &format!("{float:e}"), FLOAT8_DIGITS)
}

/// Rust and PostgreSQL both print the shortest digits that read back as the same float; they
/// differ in where the exponent begins.
#[allow(clippy::fn_params_excessive_bools)]
fn float_text(nan: bool, infinite: bool, negative: bool, shortest: &str, digits: i32) -> String {
    if nan {
        return "NaN".to_owned();
    }
    let sign = if negative { "-" } else { "" };
    if infinite {
        return format!("{sign}Infinity");
    }
    let (mantissa, exponent) = shortest
        .trim_start_matches('-')
        .split_once('e')
        .unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let significant: String = mantissa.chars().filter(|c| *c != '.').collect();
    if significant.chars().all(|c| c == '0') {
        return format!("{sign}0");
    }
    if exponent < -4 || exponent >= digits {
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        let (first, rest) = significant.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}e{exponent_sign}{:02}", exponent.abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{significant}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    if significant.len() <= whole {
        let zeros = "0".repeat(whole - significant.len());
        return format!("{sign}{significant}{zeros}");
    }
    let (whole, fraction) = significant.split_at(whole);
    format!("{sign}{whole}.{fraction}")
}

const NUMERIC_NEGATIVE: u16 = 0x4000;
const NUMERIC_NAN: u16 = 0xC000;
const NUMERIC_INFINITY: u16 = 0xD000;
const NUMERIC_MINUS_INFINITY: u16 = 0xF000;

/// Digits to the base 10,000, with the weight of the first and the number of decimals to show.
pub(super) fn numeric(raw: &[u8]) -> Result<String, Malformed> {
    let mut raw = Bytes(raw);
    let count = u16::from_be_bytes(raw.take()?);
    let weight = i32::from(i16::from_be_bytes(raw.take()?));
    let sign = match u16::from_be_bytes(raw.take()?) {
        0 => "",
        NUMERIC_NEGATIVE => "-",
        NUMERIC_NAN => return Ok("NaN".to_owned()),
        NUMERIC_INFINITY => return Ok("Infinity".to_owned()),
        NUMERIC_MINUS_INFINITY => return Ok("-Infinity".to_owned()),
        _ => return Err(Malformed),
    };
    let scale = usize::from(u16::from_be_bytes(raw.take()?));
    let mut groups = Vec::new();
    for _ in 0..count {
        let group = u16::from_be_bytes(raw.take()?);
        if group > 9_999 {
            return Err(Malformed);
        }
        groups.push(group);
    }
    raw.end()?;
    let group = |at: i32| -> u16 {
        usize::try_from(weight - at)
            .ok()
            .and_then(|n| groups.get(n))
            .copied()
            .unwrap_or(0)
    };
    let mut whole = String::new();
    for at in (0..=weight).rev() {
        whole.push_str(&format!("{:04}", group(at)));
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let mut fraction = String::new();
    let mut at = -1;
    while fraction.len() < scale {
        fraction.push_str(&format!("{:04}", group(at)));
        at -= 1;
    }
    fraction.truncate(scale);
    let point = if scale > 0 { "." } else { "" };
    Ok(format!("{sign}{whole}{point}{fraction}"))
}
