//! Every value as the server prints it.

use clonegate_model::Value;

use super::production::{connect, shared};
use crate::{Bounds, ProductionChannel, ReadError};

/// Against the output function, which `format` uses; a cast to text may be another function (a
/// boolean's is, and an address's).
async fn agrees(channel: &ProductionChannel, expressions: &[&str]) {
    for expression in expressions {
        let sql = match *expression {
            "true" | "false" | "null::int" => {
                format!("select {expression} as a, ({expression})::text as b")
            }
            _ => format!("select {expression} as a, format('%s', {expression}) as b"),
        };
        let answer = channel.raw(&sql).await;
        let answer = answer.unwrap_or_else(|error| panic!("{expression}: {error}"));
        let row = &answer.reading.rows[0];
        assert_eq!(row[0].to_string(), row[1].to_string(), "{expression}");
    }
}

#[tokio::test]
async fn scalars_read_as_the_server_prints_them() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    agrees(
        &channel,
        &[
            "null::int",
            "true",
            "false",
            "1::int2",
            "(-32768)::int2",
            "2147483647",
            "(-9223372036854775808)::int8",
            "4294967295::oid",
            "'18446744073709551615'::xid8",
            "'7'::xid",
            "'8'::cid",
            "'(4294967295,65535)'::tid",
            "0::numeric",
            "0.00::numeric",
            "-0.5",
            "1.50",
            "100000000::numeric",
            "0.0001",
            "0.00010",
            "12345.6789",
            "1e131071::numeric",
            "1e-100::numeric",
            "'NaN'::numeric",
            "'Infinity'::numeric",
            "'-Infinity'::numeric",
            "10000.0001",
            "99999999.99999999",
            "0.1::numeric(30,20)",
            "123456789012345678901234567890.5",
            "9223372036854775807::numeric",
            "9223372036854775808::numeric",
            "50::percent",
            "'x'::\"char\"",
            "''::\"char\"",
            "'a'::char(5)",
            "'é'::varchar",
            "'n'::name",
            "''",
            "'happy'::mood",
            "'\\x00ff'::bytea",
            "''::bytea",
            "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
            "'{\"a\" : 1}'::json",
            "'{\"a\":  [1.0]}'::jsonb",
            "'16/B374D848'::pg_lsn",
            "'0/0'::pg_lsn",
            "'10:20:10,14,15'::pg_snapshot",
            "'10:10:'::txid_snapshot",
            "b'10110'",
            "b''",
            "'1'::varbit",
            "'<a/>'::xml",
            "'1 2 3'::int2vector",
            "'1 2'::oidvector",
        ],
    )
    .await;
    let vector = channel
        .raw("select indkey as a, indkey::text as b from pg_index where indkey::text like '% %' limit 1")
        .await
        .unwrap();
    assert_eq!(vector.reading.rows[0][0], vector.reading.rows[0][1]);
    let void = channel.raw("select set_config('a.b', 'c', true), pg_sleep(0)").await.unwrap();
    assert_eq!(void.reading.rows[0][1], Value::Text(String::new()));
    let typed = channel
        .raw("select 1::int2, 1.0, 1::float8, 1::numeric, true, null, 'x', '-0'::float8")
        .await
        .unwrap();
    let decimal = |d: &str| Value::Decimal { decimal: d.into() };
    assert_eq!(
        typed.reading.rows[0],
        [
            Value::Integer(1),
            decimal("1.0"),
            Value::Integer(1),
            Value::Integer(1),
            Value::Bool(true),
            Value::Null,
            Value::Text("x".into()),
            decimal("-0"),
        ]
    );
    channel.close().await;
}

#[tokio::test]
async fn times_read_as_the_server_prints_them() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    agrees(
        &channel,
        &[
            "'2024-02-29 12:34:56.789'::timestamp",
            "'2024-02-29 12:34:56.000001+05:30'::timestamptz",
            "'1999-12-31 23:59:59.999999'::timestamp",
            "'0001-01-01'::timestamp",
            "'0044-03-15 BC'::timestamp",
            "'4713-11-24 BC'::timestamp",
            "'294276-12-31 23:59:59.999999'::timestamp",
            "'10000-01-01'::timestamptz",
            "'infinity'::timestamp",
            "'-infinity'::timestamptz",
            "'0044-03-15 01:02:03 BC'::timestamptz",
            "'1900-03-01'::date",
            "'1900-02-28'::date",
            "'4713-11-24 BC'::date",
            "'5874897-12-31'::date",
            "'infinity'::date",
            "'-infinity'::date",
            "'0001-12-31 BC'::date",
            "'2000-01-01'::date",
            "'00:00'::time",
            "'24:00'::time",
            "'23:59:59.5'::time",
            "'12:00+05:30'::timetz",
            "'12:00-08'::timetz",
            "'12:00:00.25+01:02:03'::timetz",
            "'00:00+00'::timetz",
            "'0'::interval",
            "'1 year 2 mons 3 days 04:05:06.789'::interval",
            "'-1 day +02:03:04'::interval",
            "'-1 year +2 mons'::interval",
            "'1 mon -1 day'::interval",
            "'-1 mon -1 day -00:00:01'::interval",
            "'-00:00:00.5'::interval",
            "'-13 months'::interval",
            "'25 hours'::interval",
            "'1 day'::interval",
            "'-1 day'::interval",
            "'1000000:00:00'::interval",
            "'-1 mon 00:00:01'::interval",
            "'1 mon -00:00:01'::interval",
            "'11 mons'::interval",
            "'-1 year 1 day'::interval",
        ],
    )
    .await;
    // Days around every corner of the calendar.
    let days = "select d as a, d::text as b from (
        select date '0001-01-01' - 800 + n * 37 as d from generate_series(0, 80000) n) x
        where extract(day from d) in (1, 28, 29, 30, 31) limit 500";
    every_row_agrees(&channel, days).await;
    let moments = "select t as a, t::text as b from (
        select timestamp '1970-01-01' + n * n * interval '1 hour 3 minutes 7.000013 seconds' as t
        from generate_series(-250, 249) n) x";
    every_row_agrees(&channel, moments).await;
    channel.close().await;
}

async fn every_row_agrees(channel: &ProductionChannel, sql: &str) {
    let mut snapshot = channel.snapshot().await.unwrap();
    let reading = snapshot.read_sql(sql).await.unwrap().reading;
    assert!(!reading.rows.is_empty());
    for row in &reading.rows {
        assert_eq!(row[0].to_string(), row[1].to_string());
    }
    snapshot.finish().await.unwrap();
}

#[tokio::test]
async fn floats_read_as_the_server_prints_them() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    agrees(
        &channel,
        &[
            "0::float8",
            "'-0'::float4",
            "'NaN'::float8",
            "'Infinity'::float4",
            "'-Infinity'::float8",
            "1e15::float8",
            "123456789012345::float8",
            "1234567890123456::float8",
            "999999999999999.9::float8",
            "0.0001::float8",
            "0.00001::float8",
            "1e-5::float4",
            "100000::float4",
            "1000000::float4",
            "123456.7::float4",
            "1e22::float8",
            "1e23::float8",
            "5e-324::float8",
            "1.7976931348623157e308::float8",
            "1e-45::float4",
            "3.4028235e38::float4",
            "0.1::float4",
            "0.1::float8",
            "-1.5e-7::float8",
            "9007199254740993::float8",
        ],
    )
    .await;
    for sql in [
        "select f as a, f::text as b from (select 2.0::float8 ^ n as f from generate_series(-1074, 1023) n) x",
        "select f as a, f::text as b from (select (2.0::float8 ^ n)::float4 as f from generate_series(-149, 127) n) x",
        "select f as a, f::text as b from (select 10.0::float8 ^ n as f from generate_series(-307, 308) n) x",
        "select f as a, f::text as b from (select 2.0::float8 ^ n * (1 + 2.220446049250313e-16) as f from generate_series(-1000, 1000) n) x",
        "select f as a, f::text as b from (select (random() - 0.5) * 10.0::float8 ^ (random() * 600 - 300) as f from generate_series(1, 50000)) x",
        "select f as a, f::text as b from (select ((random() - 0.5) * 10.0::float8 ^ (random() * 70 - 35))::float4 as f from generate_series(1, 50000)) x",
        "select f as a, f::text as b from (select (n * 9007199254740992.0::float8) as f from generate_series(1, 20000) n) x",
        "select f as a, f::text as b from (select (n * 16777216.0::float8)::float4 as f from generate_series(1, 20000) n) x",
        "select n as a, n::text as b from (select ((random() - 0.5) * 10.0 ^ (random() * 30)::int)::numeric / 7 as n from generate_series(1, 5000)) x",
    ] {
        every_row_agrees(&channel, sql).await;
    }
    channel.close().await;
}

#[tokio::test]
async fn arrays_and_addresses_read_as_the_server_prints_them() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    agrees(
        &channel,
        &[
            "array[1,2,null]",
            "array[]::text[]",
            "array['a b','','null','NULL','c,d','{e}','\"f\\','g\th', 'é', null]",
            "array[[1,2],[3,4]]",
            "'[0:1]={5,6}'::int[]",
            "'[2:2][-1:0]={{a,b}}'::text[]",
            "array[true,false]",
            "array[1.50, 'NaN']::numeric[]",
            "array['2024-01-01 00:00:00']::timestamp[]",
            "array['1 day']::interval[]",
            "array['sad','so so']::mood[]",
            "array['\\x00']::bytea[]",
            "array[1.5::float4]",
            "array['{\"a\": 1}']::jsonb[]",
            "array[50]::percent[]",
            "array['(1,2)']::tid[]",
            "array['\n', ' ', E'\\x0B']::text[]",
            "array['x']::name[]",
            "array['a']::\"char\"[]",
            "array['1 2']::int2vector[]",
            "'192.168.0.1'::inet",
            "'192.168.0.1/24'::inet",
            "'10.0.0.0/8'::cidr",
            "'10.1.2.3/32'::cidr",
            "'::'::inet",
            "'::1'::inet",
            "'::1.2.3.4'::inet",
            "'::ffff:1.2.3.4'::inet",
            "'2001:db8::1'::inet",
            "'2001:db8:0:1:0:0:0:1'::inet",
            "'1:0:0:2:0:0:0:3'::inet",
            "'1:2:3:4:5:6:7:8'::inet",
            "'1:0:2:0:3:0:4:0'::inet",
            "'fe80::/10'::cidr",
            "'::/0'::cidr",
            "'1::'::inet",
            "'::2:1'::inet",
            "'::1:2:3'::inet",
            "'::1:0:0'::inet",
            "'::ffff'::inet",
            "'::ffff:0:0'::inet",
            "'0:0:0:0:0:1:2:3'::inet",
            "'1:0:0:0:0:0:0:0'::inet",
            "'08:00:2b:01:02:03'::macaddr",
            "'08:00:2b:01:02:03:04:05'::macaddr8",
        ],
    )
    .await;
    channel.close().await;
}

#[tokio::test]
async fn what_cannot_be_read_surely_is_refused_before_it_runs() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    for (expression, type_name) in [
        ("1::money", "money"),
        ("'canary'::regclass", "regclass"),
        ("'(1,2)'::point", "point"),
        ("int4range(1, 2)", "int4range"),
        ("row(1, 'x')", "record"),
        ("canary", "canary"),
        ("array[row(1)]", "_record"),
        ("(select relacl from pg_class limit 1)", "_aclitem"),
    ] {
        // The division would fail if the statement ran.
        let sql = format!("select {expression} as it, 1 / (id - id) from canary");
        let error = channel.raw(&sql).await.unwrap_err();
        assert!(
            matches!(&error, ReadError::UnsupportedType { column, type_name: t }
                if column == "it" && t.trim_start_matches("public.") == type_name),
            "{expression}: {error:?}"
        );
        assert!(error.to_string().contains("::text"));
    }
    let error = channel.raw("select $1::int, $2::text").await.unwrap_err();
    assert!(matches!(error, ReadError::Parameters { count: 2 }), "{error:?}");
    channel.close().await;
}
