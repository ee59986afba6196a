//! The clone channel: runs guarded scripts through ssh, docker exec and psql
