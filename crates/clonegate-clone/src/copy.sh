# Copies a database into an empty one where both are, through pg_dump and pg_restore. The arguments are: the two
# programs, the two databases, and then what both need to connect. Either program's failure is the
# copy's: a pipe alone would be content with half a dump.
LC_ALL=C
export LC_ALL
dump=$1 restore=$2 from=$3 to=$4
shift 4
if ! command -v "$restore" >/dev/null; then
    printf "clonegate: there is no %s here\n" "$restore" >&2
    exit 93
fi
exec 3>&1
ended=$(
    {
        { "$dump" -Fc -Z0 -w --no-subscriptions "$@" -d "$from" 4>&-; echo "pg_dump=$?" >&4; } |
            { "$restore" --exit-on-error -w "$@" -d "$to" >&3 4>&-; echo "pg_restore=$?" >&4; }
    } 4>&1
)
case $(printf "%s\n" "$ended" | sort | tr "\n" " ") in
    "pg_dump=0 pg_restore=0 ") ;;
    *)
        printf "clonegate: the copy failed: %s\n" "$(printf "%s" "$ended" | tr "\n" " ")" >&2
        exit 94
        ;;
esac
