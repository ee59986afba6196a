//! Numbers (`float4out`, `float8out`, `numeric_out`).

use super::{Bytes, Malformed};

/// `FLT_DIG` and `DBL_DIG`: from this many digits on, a float is printed with an exponent.
const FLOAT4_DIGITS: i32 = 6;
const FLOAT8_DIGITS: i32 = 15;

/// Longer than the exact decimal expansion of any point half-way between two floats.
const BEYOND_ANY_MIDPOINT: usize = 800;

pub(super) fn float4(float: f32) -> String {
    if !float.is_finite() {
        return not_finite(float.is_nan(), float.is_sign_positive());
    }
    let shortest = strictly_shortest(
        &format!("{:e}", float.abs()),
        |precision| format!("{:.*e}", precision, float.abs()),
        |text| text.parse() == Ok(float.abs()),
    );
    positional(float.is_sign_negative(), &shortest, FLOAT4_DIGITS)
}

pub(super) fn float8(float: f64) -> String {
    if !float.is_finite() {
        return not_finite(float.is_nan(), float.is_sign_positive());
    }
    let shortest = strictly_shortest(
        &format!("{:e}", float.abs()),
        |precision| format!("{:.*e}", precision, float.abs()),
        |text| text.parse() == Ok(float.abs()),
    );
    positional(float.is_sign_negative(), &shortest, FLOAT8_DIGITS)
}

fn not_finite(nan: bool, positive: bool) -> String {
    match (nan, positive) {
        (true, _) => "NaN",
        (false, true) => "Infinity",
        (false, false) => "-Infinity",
    }
    .to_owned()
}

/// Rust and PostgreSQL both print the shortest digits that read back as the same float. Where
/// those are exactly half-way to the next float, Rust takes them if they round back to it, and
/// PostgreSQL goes on to digits that are truly nearer (`1e23` is 9.999999999999999e+22 there).
/// Where two are equally near to the float, PostgreSQL takes the even one, and so does Rust only
/// when it is told how many digits there should be (2⁻²⁵ ends in …312).
fn strictly_shortest(
    shortest: &str,
    with_precision: impl Fn(usize) -> String,
    reads_back: impl Fn(&str) -> bool,
) -> String {
    let is_midpoint = |text: &str| {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let point = if mantissa.contains('.') { "" } else { "." };
        let zeros = "0".repeat(BEYOND_ANY_MIDPOINT);
        let above = format!("{mantissa}{point}{zeros}1e{exponent}");
        let nines = "9".repeat(BEYOND_ANY_MIDPOINT);
        let below = format!("{}{point}{nines}e{exponent}", less_one(mantissa));
        !(reads_back(&above) && reads_back(&below))
    };
    if shortest.starts_with("0e") {
        return shortest.to_owned();
    }
    let digits = shortest.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    let even = with_precision(digits - 1);
    if reads_back(&even) && !is_midpoint(&even) {
        return even;
    }
    if !is_midpoint(shortest) {
        return shortest.to_owned();
    }
    (digits..17)
        .map(with_precision)
        .find(|text| reads_back(text) && !is_midpoint(text))
        .unwrap_or_else(|| shortest.to_owned())
}

/// One less in the last place; the mantissa is at least 1.
fn less_one(mantissa: &str) -> String {
    let mut digits = mantissa.as_bytes().to_vec();
    for digit in digits.iter_mut().rev() {
        match *digit {
            b'0' => *digit = b'9',
            b'1'..=b'9' => {
                *digit -= 1;
                break;
            }
            _ => {}
        }
    }
    String::from_utf8_lossy(&digits).into_owned()
}

/// Writes digits with an exponent as the server does.
fn positional(negative: bool, shortest: &str, digits: i32) -> String {
    let sign = if negative { "-" } else { "" };
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let significant: String = mantissa.chars().filter(|c| *c != '.').collect();
    if significant == "0" {
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
        usize::try_from(weight - at).ok().and_then(|n| groups.get(n)).copied().unwrap_or(0)
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
