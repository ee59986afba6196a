# Prints how much room there is where the server's files are. The arguments are: the nonce, the pid of one of the
# server's backends, the words that its title must have, the folder if it is known, and "container" where
# this runs in one. Exits with 94, and says why, where that can't be seen from here.
LC_ALL=C
export LC_ALL
nonce=$1 pid=$2 title=$3 folder=$4 where=$5
unseen() {
    printf "clonegate: %s\n" "$1" >&2
    exit 94
}
# The server may be on another machine, whose folders have the same names: the backend must be a process here.
shown=$(tr "\000" " " <"/proc/$pid/cmdline") 2>/dev/null || unseen "the server's processes are not seen where psql runs"
case $shown in
    "postgres: "*"$title"*) ;;
    *) unseen "the server does not run where psql runs" ;;
esac
if [ -z "$folder" ]; then
    stat=$(cat "/proc/$pid/stat") || unseen "the server's processes are not seen where psql runs"
    # The name before the last parenthesis may have spaces and parentheses itself.
    set -- ${stat##*) }
    previous=
    for word in $(tr "\000\n" "\n " <"/proc/$2/cmdline"); do
        case $word in
            -D?*) folder=${word#-D} ;;
            *) [ "$previous" != -D ] || folder=$word ;;
        esac
        previous=$word
    done
fi
if [ -z "$folder" ] && [ "$where" = container ]; then
    folder=$PGDATA
fi
case $folder in
    /*) ;;
    *) unseen "where the server's data folder is can't be seen by this role" ;;
esac
report=$(df -Pk "$folder" 2>/dev/null) || unseen "the file system of $folder can't be asked"
printf "%s\n" "$report" | {
    read -r _
    read -r _ _ _ free _
    case $free in
        "" | *[!0-9]*) unseen "df did not say how much room there is" ;;
    esac
    printf "%s|free|{\"kib\":%s}\n" "$nonce" "$free"
}
