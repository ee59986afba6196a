//! Values as the server prints them, from the binary form in which the driver gets them.
//!
//! The rule is: exactly the server's own text under the session settings of the channel
//! (`TimeZone` UTC, `DateStyle` ISO, `IntervalStyle` postgres, `bytea_output` hex,
//! `extra_float_digits` 1), or an error. What can't be known from the bytes alone (names behind
//! OIDs, locale-dependent money, composite types) is refused before the statement runs.

mod array;
mod network;
mod number;
mod time;

use clonegate_model::Value;
use tokio_postgres::types::{FromSql, Kind, Type};

/// A value's bytes don't have the form of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The bytes of any value.
pub(crate) struct Raw<'a>(pub(crate) Option<&'a [u8]>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Whether values of a type can be read.
pub(crate) fn can_read(ty: &Type) -> bool {
    match form(ty) {
        Some(Form::Array(element)) => can_read(element),
        Some(Form::Domain(base)) => can_read(base),
        Some(_) => true,
        None => false,
    }
}

/// Reads a value.
pub(crate) fn value(ty: &Type, raw: Option<&[u8]>) -> Result<Value, Malformed> {
    let Some(raw) = raw else {
        return Ok(Value::Null);
    };
    match form(ty).ok_or(Malformed)? {
        Form::Domain(base) => value(base, Some(raw)),
        Form::Bool => Ok(Value::Bool(fixed::<1>(raw)? != [0])),
        Form::Int2
        | Form::Int4
        | Form::Int8
        | Form::Unsigned4
        | Form::Unsigned8
        | Form::Float4
        | Form::Float8
        | Form::Numeric => {
            let digits = text(ty, raw)?;
            // `-0` is a number of its own for a float; as an integer it would lose its sign.
            Ok(if digits == "-0" {
                Value::Decimal { decimal: digits }
            } else {
                Value::decimal(&digits)
            })
        }
        _ => text(ty, raw).map(Value::Text),
    }
}

/// How a type's bytes are read.
enum Form<'a> {
    Bool,
    Int2,
    Int4,
    Int8,
    Unsigned4,
    Unsigned8,
    Float4,
    Float8,
    Numeric,
    Text,
    Jsonb,
    SingleByte,
    Bytes,
    Uuid,
    Lsn,
    Tid,
    Snapshot,
    Bits,
    Timestamp,
    TimestampTz,
    Date,
    Time,
    TimeTz,
    Interval,
    Inet,
    Mac,
    Vector(&'a Type),
    Array(&'a Type),
    Domain(&'a Type),
    Void,
}

fn form(ty: &Type) -> Option<Form<'_>> {
    Some(match *ty {
        Type::BOOL => Form::Bool,
        Type::INT2 => Form::Int2,
        Type::INT4 => Form::Int4,
        Type::INT8 => Form::Int8,
        Type::OID | Type::XID | Type::CID => Form::Unsigned4,
        Type::XID8 => Form::Unsigned8,
        Type::FLOAT4 => Form::Float4,
        Type::FLOAT8 => Form::Float8,
        Type::NUMERIC => Form::Numeric,
        Type::TEXT
        | Type::VARCHAR
        | Type::BPCHAR
        | Type::NAME
        | Type::UNKNOWN
        | Type::JSON
        | Type::XML
        | Type::CSTRING => Form::Text,
        Type::JSONB => Form::Jsonb,
        Type::CHAR => Form::SingleByte,
        Type::BYTEA => Form::Bytes,
        Type::UUID => Form::Uuid,
        Type::PG_LSN => Form::Lsn,
        Type::TID => Form::Tid,
        Type::PG_SNAPSHOT | Type::TXID_SNAPSHOT => Form::Snapshot,
        Type::BIT | Type::VARBIT => Form::Bits,
        Type::TIMESTAMP => Form::Timestamp,
        Type::TIMESTAMPTZ => Form::TimestampTz,
        Type::DATE => Form::Date,
        Type::TIME => Form::Time,
        Type::TIMETZ => Form::TimeTz,
        Type::INTERVAL => Form::Interval,
        Type::INET | Type::CIDR => Form::Inet,
        Type::MACADDR | Type::MACADDR8 => Form::Mac,
        Type::VOID => Form::Void,
        Type::INT2_VECTOR => Form::Vector(&Type::INT2),
        Type::OID_VECTOR => Form::Vector(&Type::OID),
        _ => match ty.kind() {
            Kind::Enum(_) => Form::Text,
            Kind::Domain(base) => Form::Domain(base),
            Kind::Array(element) => Form::Array(element),
            Kind::Simple if ty.name() == "citext" => Form::Text,
            _ => return None,
        },
    })
}

/// The server's text of a value.
fn text(ty: &Type, raw: &[u8]) -> Result<String, Malformed> {
    Ok(match form(ty).ok_or(Malformed)? {
        Form::Bool => if fixed::<1>(raw)? == [0] { "f" } else { "t" }.to_owned(),
        Form::Int2 => i16::from_be_bytes(fixed(raw)?).to_string(),
        Form::Int4 => i32::from_be_bytes(fixed(raw)?).to_string(),
        Form::Int8 => i64::from_be_bytes(fixed(raw)?).to_string(),
        Form::Unsigned4 => u32::from_be_bytes(fixed(raw)?).to_string(),
        Form::Unsigned8 => u64::from_be_bytes(fixed(raw)?).to_string(),
        Form::Float4 => number::float4(f32::from_be_bytes(fixed(raw)?)),
        Form::Float8 => number::float8(f64::from_be_bytes(fixed(raw)?)),
        Form::Numeric => number::numeric(raw)?,
        Form::Text => utf8(raw)?,
        Form::Jsonb => match raw.split_first() {
            Some((1, json)) => utf8(json)?,
            _ => return Err(Malformed),
        },
        Form::SingleByte => match fixed::<1>(raw)? {
            [0] => String::new(),
            // Versions differ in how they print the bytes above ASCII.
            [byte] if byte.is_ascii() => char::from(byte).to_string(),
            _ => return Err(Malformed),
        },
        Form::Bytes => format!("\\x{}", hex(raw)),
        Form::Uuid => {
            let h = hex(&fixed::<16>(raw)?);
            [&h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..]].join("-")
        }
        Form::Lsn => {
            let lsn = u64::from_be_bytes(fixed(raw)?);
            format!("{:X}/{:X}", lsn >> 32, lsn & 0xFFFF_FFFF)
        }
        Form::Tid => {
            let mut raw = Bytes(raw);
            let block = u32::from_be_bytes(raw.take()?);
            let offset = u16::from_be_bytes(raw.take()?);
            raw.end()?;
            format!("({block},{offset})")
        }
        Form::Snapshot => {
            let mut raw = Bytes(raw);
            let count = i32::from_be_bytes(raw.take()?);
            let xmin = u64::from_be_bytes(raw.take()?);
            let xmax = u64::from_be_bytes(raw.take()?);
            let running: Result<Vec<String>, Malformed> =
                (0..count).map(|_| Ok(u64::from_be_bytes(raw.take()?).to_string())).collect();
            let running = running?;
            raw.end()?;
            format!("{xmin}:{xmax}:{}", running.join(","))
        }
        Form::Bits => {
            let mut raw = Bytes(raw);
            let length = u32::from_be_bytes(raw.take()?);
            let length = usize::try_from(length).map_err(|_| Malformed)?;
            let bits: String = raw
                .0
                .iter()
                .flat_map(|byte| (0..8).map(move |n| if byte << n & 0x80 == 0 { '0' } else { '1' }))
                .take(length)
                .collect();
            if bits.len() != length {
                return Err(Malformed);
            }
            bits
        }
        Form::Timestamp => time::timestamp(i64::from_be_bytes(fixed(raw)?), time::Zone::None)?,
        Form::TimestampTz => time::timestamp(i64::from_be_bytes(fixed(raw)?), time::Zone::Utc)?,
        Form::Date => time::date(i32::from_be_bytes(fixed(raw)?)),
        Form::Time => time::time(i64::from_be_bytes(fixed(raw)?))?,
        Form::TimeTz => {
            let mut raw = Bytes(raw);
            let micros = i64::from_be_bytes(raw.take()?);
            let west = i32::from_be_bytes(raw.take()?);
            raw.end()?;
            time::time_with_zone(micros, west)?
        }
        Form::Interval => {
            let mut raw = Bytes(raw);
            let micros = i64::from_be_bytes(raw.take()?);
            let days = i32::from_be_bytes(raw.take()?);
            let months = i32::from_be_bytes(raw.take()?);
            raw.end()?;
            time::interval(months, days, micros)?
        }
        Form::Inet => network::inet(raw)?,
        Form::Mac => network::mac(raw)?,
        Form::Vector(element) => array::vector(element, raw)?,
        Form::Array(element) => array::array(element, raw)?,
        Form::Domain(base) => text(base, raw)?,
        Form::Void => String::new(),
    })
}

fn utf8(raw: &[u8]) -> Result<String, Malformed> {
    Ok(std::str::from_utf8(raw).map_err(|_| Malformed)?.to_owned())
}

fn hex(raw: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n)]);
    raw.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn fixed<const N: usize>(raw: &[u8]) -> Result<[u8; N], Malformed> {
    raw.try_into().map_err(|_| Malformed)
}

/// Bytes that are taken from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(Malformed)?;
        self.0 = tail;
        Ok(*head)
    }

    fn slice(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = tail;
        Ok(head)
    }

    fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_known_from_the_bytes_is_not_read() {
        for ty in [
            Type::MONEY,
            Type::REGCLASS,
            Type::RECORD,
            Type::INT4_RANGE,
            Type::POINT,
            Type::ACLITEM,
            Type::ACLITEM_ARRAY,
            Type::REGCLASS_ARRAY,
        ] {
            assert!(!can_read(&ty), "{ty}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let types = [
            Type::BOOL,
            Type::INT2,
            Type::INT4,
            Type::INT8,
            Type::OID,
            Type::XID8,
            Type::FLOAT4,
            Type::FLOAT8,
            Type::NUMERIC,
            Type::TEXT,
            Type::JSONB,
            Type::CHAR,
            Type::BYTEA,
            Type::UUID,
            Type::PG_LSN,
            Type::TID,
            Type::PG_SNAPSHOT,
            Type::VARBIT,
            Type::TIMESTAMP,
            Type::TIMESTAMPTZ,
            Type::DATE,
            Type::TIME,
            Type::TIMETZ,
            Type::INTERVAL,
            Type::INET,
            Type::MACADDR,
            Type::INT4_ARRAY,
            Type::TEXT_ARRAY,
            Type::NUMERIC_ARRAY,
            Type::OID_VECTOR,
            Type::VOID,
        ];
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..20_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let length = (state % 33) as usize;
            let mut bytes: Vec<u8> = (0..length as u64)
                .map(|n| (state.rotate_left((n % 64) as u32) ^ n) as u8)
                .collect();
            if state.is_multiple_of(3) {
                // Small counts get further into arrays and numerics.
                for byte in bytes.iter_mut().take(3) {
                    *byte = 0;
                }
            }
            for ty in &types {
                let _ = value(ty, Some(&bytes));
            }
        }
        for ty in &types {
            for byte in [0, 0x7F, 0x80, 0xFF] {
                for length in 0..33 {
                    let _ = value(ty, Some(&vec![byte; length]));
                }
            }
        }
    }
}
