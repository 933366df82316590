# shellcheck shell=bash disable=SC2034
# Private stores: a PostgreSQL and a Redis that belong to the script that starts them. Sourced after lib.sh. Both are servers in
# the sense of lib.sh: they have a pid and a log there, and end with the script.

declare -A POSTGRES_URL=() REDIS_URL=() STORE_FOLDER=()

need_stores() { need_packages postgresql-15 redis-server util-linux; }

postgres_bin() { echo /usr/lib/postgresql/15/bin; }

# as_postgres COMMAND…: PostgreSQL refuses to run as root; Debian's package brings a user for it. Replaces this process.
as_postgres() {
    if ((EUID == 0)); then
        exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
    else
        exec "$@"
    fi
}

# start_postgres NAME [FOLDER] [SETTING=VALUE…]: POSTGRES_URL[NAME] becomes the superuser's URI. Without a FOLDER (or with an
# empty one) the data is new and goes with the script; with one it stays there and is used again. It is reached through a
# socket in a folder that only its owner may enter, unless the settings say otherwise.
start_postgres() {
    local name=$1 folder=${2:-} sockets setting options=()
    shift
    shift || true
    for setting in "$@"; do options+=(-c "$setting"); done
    if [[ -z $folder ]]; then
        folder=$(mktemp -d "${TMPDIR:-/tmp}/bellhop-$name.XXXXXX")
        at_exit rm -rf "$folder"
        # Nothing of it outlives the machine: it need not reach the disk.
        options+=(-c fsync=off -c full_page_writes=off)
    fi
    mkdir -p "$folder"
    ((EUID != 0)) || chown postgres: "$folder"
    chmod 700 "$folder"
    sockets=$folder
    if ((${#folder} > 90)); then # a socket's path has 107 bytes at most
        sockets=$(mktemp -d /tmp/bellhop-sockets.XXXXXX)
        at_exit rm -rf "$sockets"
        ((EUID != 0)) || chown postgres: "$sockets"
    fi
    STORE_FOLDER[$name]=$sockets
    if [[ ! -s $folder/data/PG_VERSION ]]; then
        step "Create the database $name" as_postgres "$(postgres_bin)/initdb" -D "$folder/data" -U postgres -A trust \
            --no-sync --encoding=UTF8 --locale=C.UTF-8
    fi
    # A restart finds the lock file of a server that was killed; PostgreSQL looks itself whether that one still lives.
    start_server "$name" bash -c "$(declare -f as_postgres); as_postgres \"\$@\"" - "$(postgres_bin)/postgres" \
        -D "$folder/data" -k "$sockets" -c listen_addresses= -c unix_socket_permissions=0777 -c max_connections=200 \
        -c timezone=UTC -c log_timezone=UTC "${options[@]}"
    await_postgres "$name"
    POSTGRES_URL[$name]="postgresql://postgres@/postgres?host=$sockets"
}

await_postgres() { # NAME
    WAIT_PID=${SERVER_PID[$1]} wait_until 60 "$(postgres_bin)/pg_isready" -q -h "${STORE_FOLDER[$1]}" ||
        server_failed "$1" "was not ready within 60 s"
}

# start_redis NAME [OPTION…]: REDIS_URL[NAME] becomes its URL. It keeps nothing on disk.
start_redis() {
    local name=$1 redis_port
    shift
    free_port redis_port
    STORE_FOLDER[$name]=$LOGS
    REDIS_URL[$name]=redis://127.0.0.1:$redis_port
    start_server "$name" redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$LOGS" "$@"
    await_server "$name" 20 port "$redis_port"
}
