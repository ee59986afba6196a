# Runs psql where it stands, on a script that arrived whole or not at all. The arguments are: the
# script's length in bytes (or - for no script), its SHA-256, the executor's nonce, what is appended to
# the script, application_name, PGOPTIONS, the connection time-out, PGPASSFILE or nothing; then psql and
# its arguments, among which /dev/fd/3 is the script and standard input what follows.
LC_ALL=C
export LC_ALL
# Nothing here may send psql to another server, database or role than its arguments name.
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGSERVICE PGSERVICEFILE PGSYSCONFDIR PGOPTIONS PGCLUSTER
unset PGTARGETSESSIONATTRS PGLOADBALANCEHOSTS PGCLIENTENCODING PGTZ PGDATESTYLE PGGEQO PGAPPNAME
bytes=$1 digest=$2 nonce=$3 sentinel=$4
PGAPPNAME=$5 PGOPTIONS=$6 PGCONNECT_TIMEOUT=$7 PGCLIENTENCODING=UTF8
export PGAPPNAME PGOPTIONS PGCONNECT_TIMEOUT PGCLIENTENCODING
if [ -n "$8" ]; then
    PGPASSFILE=$8
    export PGPASSFILE
fi
shift 8
if ! command -v "$1" >/dev/null; then
    printf "clonegate: there is no %s here\n" "$1" >&2
    exit 93
fi
if [ "$bytes" = - ]; then
    printf "%s|accepted|{}\n" "$nonce"
    exec "$@"
fi
if command -v sha256sum >/dev/null; then
    digest_of() { sha256sum; }
elif command -v shasum >/dev/null; then
    digest_of() { shasum -a 256; }
elif command -v openssl >/dev/null; then
    digest_of() { openssl dgst -sha256 -r; }
else
    printf "clonegate: none of sha256sum, shasum and openssl is here\n" >&2
    exit 91
fi
# The x keeps the line breaks at the end, which a command substitution drops.
script=$(head -c "$bytes"; printf x)
script=${script%x}
arrived=$(printf %s "$script" | digest_of)
arrived=${arrived%% *}
if [ "${#script}" != "$bytes" ] || [ "$arrived" != "$digest" ]; then
    printf "clonegate: of %s bytes %s arrived, with SHA-256 %s and not %s\n" "$bytes" "${#script}" "$arrived" "$digest" >&2
    exit 90
fi
printf "%s|accepted|{}\n" "$nonce"
exec 4<&0
{ printf %s "$script"; printf %s "$sentinel"; } 2>/dev/null | "$@" 3<&0 0<&4 4<&-
