//! A disposable production and clone: local PostgreSQL binaries or containers
