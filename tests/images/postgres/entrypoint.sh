#!/bin/sh
# Starts PostgreSQL as the official image does, for the part of its behaviour that the tests use:
# POSTGRES_PASSWORD, POSTGRES_USER, POSTGRES_DB, POSTGRES_HOST_AUTH_METHOD, POSTGRES_INITDB_ARGS,
# /docker-entrypoint-initdb.d/*.sql and *.sh, extra arguments for the server (`-c fsync=off`).
set -eu

case "${1:-}" in
    '' | -*) set -- postgres "$@" ;;
esac
[ "$1" = postgres ] || exec "$@"

# POSTGRES_PASSWORD_FILE is read while we may still be root.
if [ -z "${POSTGRES_PASSWORD:-}" ] && [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
    export POSTGRES_PASSWORD
fi

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown -R postgres: "$PGDATA"
    chmod 0700 "$PGDATA"
    # The server must be able to reopen the container's streams for its log.
    chown postgres: /dev/stdout /dev/stderr 2>/dev/null || true
    export HOME=/var/lib/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

: "${POSTGRES_USER:=postgres}"
: "${POSTGRES_DB:=$POSTGRES_USER}"
: "${POSTGRES_HOST_AUTH_METHOD:=scram-sha-256}"

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
        echo 'POSTGRES_PASSWORD is not set, and POSTGRES_HOST_AUTH_METHOD is not trust: nobody could connect' >&2
        exit 1
    fi
    pwfile=$(mktemp)
    printf '%s\n' "${POSTGRES_PASSWORD:-}" > "$pwfile"
    # initdb refuses an empty password file, and with trust there may be no password.
    if [ -n "${POSTGRES_PASSWORD:-}" ]; then
        # shellcheck disable=SC2086 # several arguments in one variable, as in the official image
        initdb --username="$POSTGRES_USER" --pwfile="$pwfile" --encoding=UTF8 ${POSTGRES_INITDB_ARGS:-}
    else
        # shellcheck disable=SC2086
        initdb --username="$POSTGRES_USER" --encoding=UTF8 ${POSTGRES_INITDB_ARGS:-}
    fi
    rm -f "$pwfile"
    printf '\nhost all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" >> "$PGDATA/pg_hba.conf"

    # The first server is reachable by the socket only, so that nobody meets a half-made database.
    shift
    pg_ctl -D "$PGDATA" -o "-c listen_addresses='' $*" -w start
    set -- postgres "$@"
    if [ "$POSTGRES_DB" != postgres ]; then
        createdb --username="$POSTGRES_USER" --no-password --maintenance-db=postgres "$POSTGRES_DB"
    fi
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
            *.sh) echo "running $file"; sh "$file" ;;
            *.sql)
                echo "running $file"
                psql -X -v ON_ERROR_STOP=1 --no-password --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" -f "$file"
                ;;
        esac
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
fi

# The official image listens everywhere: what is published decides who can connect.
shift
exec postgres -c "listen_addresses=*" "$@"
