//! Names of SQLSTATE conditions (manual: "PostgreSQL Error Codes").

/// The condition's name, or its class's where the condition is rare.
pub(crate) fn condition(code: &str) -> &'static str {
    let exact = CONDITIONS.binary_search_by_key(&code, |(c, _)| c).ok();
    if let Some(found) = exact.and_then(|n| CONDITIONS.get(n)) {
        return found.1;
    }
    let class = code.get(..2).unwrap_or("");
    let of_class = CLASSES.iter().find(|(c, _)| *c == class);
    of_class.map_or("unknown_condition", |(_, name)| name)
}

const CLASSES: [(&str, &str); 27] = [
    ("01", "warning"),
    ("03", "sql_statement_not_yet_complete"),
    ("08", "connection_exception"),
    ("0A", "feature_not_supported"),
    ("20", "case_not_found"),
    ("21", "cardinality_violation"),
    ("22", "data_exception"),
    ("23", "integrity_constraint_violation"),
    ("24", "invalid_cursor_state"),
    ("25", "invalid_transaction_state"),
    ("28", "invalid_authorization_specification"),
    ("2D", "invalid_transaction_termination"),
    ("34", "invalid_cursor_name"),
    ("38", "external_routine_exception"),
    ("39", "external_routine_invocation_exception"),
    ("3B", "savepoint_exception"),
    ("3D", "invalid_catalog_name"),
    ("40", "transaction_rollback"),
    ("42", "syntax_error_or_access_rule_violation"),
    ("53", "insufficient_resources"),
    ("54", "program_limit_exceeded"),
    ("55", "object_not_in_prerequisite_state"),
    ("57", "operator_intervention"),
    ("58", "system_error"),
    ("HV", "fdw_error"),
    ("P0", "plpgsql_error"),
    ("XX", "internal_error"),
];

/// In order of the codes.
const CONDITIONS: [(&str, &str); 74] = [
    ("08000", "connection_exception"),
    ("08001", "sqlclient_unable_to_establish_sqlconnection"),
    ("08003", "connection_does_not_exist"),
    ("08004", "sqlserver_rejected_establishment_of_sqlconnection"),
    ("08006", "connection_failure"),
    ("08P01", "protocol_violation"),
    ("0A000", "feature_not_supported"),
    ("21000", "cardinality_violation"),
    ("22000", "data_exception"),
    ("22001", "string_data_right_truncation"),
    ("22003", "numeric_value_out_of_range"),
    ("22004", "null_value_not_allowed"),
    ("22007", "invalid_datetime_format"),
    ("22008", "datetime_field_overflow"),
    ("22012", "division_by_zero"),
    ("2201B", "invalid_regular_expression"),
    ("22021", "character_not_in_repertoire"),
    ("22023", "invalid_parameter_value"),
    ("22P02", "invalid_text_representation"),
    ("22P03", "invalid_binary_representation"),
    ("22P05", "untranslatable_character"),
    ("25001", "active_sql_transaction"),
    ("25006", "read_only_sql_transaction"),
    ("25P01", "no_active_sql_transaction"),
    ("25P02", "in_failed_sql_transaction"),
    ("25P03", "idle_in_transaction_session_timeout"),
    ("26000", "invalid_sql_statement_name"),
    ("28000", "invalid_authorization_specification"),
    ("28P01", "invalid_password"),
    ("2D000", "invalid_transaction_termination"),
    ("38000", "external_routine_exception"),
    ("3B001", "invalid_savepoint_specification"),
    ("3D000", "invalid_catalog_name"),
    ("3F000", "invalid_schema_name"),
    ("40001", "serialization_failure"),
    ("40P01", "deadlock_detected"),
    ("42501", "insufficient_privilege"),
    ("42601", "syntax_error"),
    ("42602", "invalid_name"),
    ("42622", "name_too_long"),
    ("42701", "duplicate_column"),
    ("42702", "ambiguous_column"),
    ("42703", "undefined_column"),
    ("42704", "undefined_object"),
    ("42712", "duplicate_alias"),
    ("42725", "ambiguous_function"),
    ("42803", "grouping_error"),
    ("42804", "datatype_mismatch"),
    ("42809", "wrong_object_type"),
    ("42846", "cannot_coerce"),
    ("42883", "undefined_function"),
    ("42P01", "undefined_table"),
    ("42P02", "undefined_parameter"),
    ("42P10", "invalid_column_reference"),
    ("42P18", "indeterminate_datatype"),
    ("42P19", "invalid_recursion"),
    ("42P20", "windowing_error"),
    ("42P22", "indeterminate_collation"),
    ("53100", "disk_full"),
    ("53200", "out_of_memory"),
    ("53300", "too_many_connections"),
    ("53400", "configuration_limit_exceeded"),
    ("54000", "program_limit_exceeded"),
    ("54001", "statement_too_complex"),
    ("55000", "object_not_in_prerequisite_state"),
    ("55006", "object_in_use"),
    ("55P03", "lock_not_available"),
    ("57014", "query_canceled"),
    ("57P01", "admin_shutdown"),
    ("57P02", "crash_shutdown"),
    ("57P03", "cannot_connect_now"),
    ("57P05", "idle_session_timeout"),
    ("P0001", "raise_exception"),
    ("XX000", "internal_error"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_is_found_and_a_rare_one_goes_by_its_class() {
        for (code, name) in CONDITIONS {
            assert_eq!(condition(code), name, "the list is not in order at {code}");
        }
        assert_eq!(condition("22P99"), "data_exception");
        assert_eq!(condition("??"), "unknown_condition");
        assert_eq!(condition("é"), "unknown_condition");
    }
}
