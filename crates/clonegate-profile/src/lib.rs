//! Reads a gate's profile: clonegate.toml and the check files, with their JSON schema
