//! No text makes the judge panic, and what it accepts it accepts again as it is sent.
#![no_main]

use clonegate_sql::ReadOnlyStatement;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|sql: &str| {
    match ReadOnlyStatement::judge(sql) {
        Ok(statement) => {
            let again = ReadOnlyStatement::judge(statement.as_sql());
            assert_eq!(again.as_ref().map(|s| s.as_sql()), Ok(statement.as_sql()));
        }
        Err(refusal) => assert!(sql.get(refusal.range).is_some()),
    }
});
