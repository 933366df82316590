# shellcheck shell=bash disable=SC2034
# Private stores: a PostgreSQL and a Redis that belong to the script that starts them. Sourced after lib.sh. Both are servers in
# the sense of lib.sh: they have a pid and a log there, and end with the script.

declare -A POSTGRES_URL=() POSTGRES_PORT=() REDIS_URL=() STORE_FOLDER=()

need_postgres() { need_packages postgresql-15 util-linux; }
need_stores() { need_postgres && need_packages redis-server; }

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
# socket in a folder that only its owner may enter; with the setting port=PORT on that port of the loopback, too, by roles that
# have a password.
start_postgres() {
    local name=$1 folder=${2:-} sockets setting pg_port=5432 options=(-c listen_addresses=)
    shift
    shift || true
    for setting in "$@"; do
        options+=(-c "$setting")
        if [[ $setting == port=* ]]; then
            pg_port=${setting#port=}
            options+=(-c listen_addresses=127.0.0.1)
            POSTGRES_PORT[$name]=$pg_port
        fi
    done
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
        step "Create the database $name" as_postgres "$(postgres_bin)/initdb" -D "$folder/data" -U postgres \
            --auth-local=trust --auth-host=scram-sha-256 --no-sync --encoding=UTF8 --locale=C.UTF-8 ||
            die 70 "PostgreSQL could not make a database in $folder"
    fi
    # A restart finds the lock file of a server that was killed; PostgreSQL looks itself whether that one still lives.
    start_server "$name" bash -c "$(declare -f as_postgres); as_postgres \"\$@\"" - "$(postgres_bin)/postgres" \
        -D "$folder/data" -k "$sockets" -c unix_socket_permissions=0777 -c max_connections=800 \
        -c timezone=UTC -c log_timezone=UTC "${options[@]}"
    await_postgres "$name" "$pg_port"
    POSTGRES_URL[$name]="postgresql://postgres@/postgres?host=$sockets"
    [[ $pg_port == 5432 ]] || POSTGRES_URL[$name]+="&port=$pg_port"
}

await_postgres() { # NAME [PORT]
    WAIT_PID=${SERVER_PID[$1]} wait_until 60 "$(postgres_bin)/pg_isready" -q -h "${STORE_FOLDER[$1]}" -p "${2:-5432}" ||
        server_failed "$1" "was not ready within 60 s"
}

# prepare_database NAME: makes the database `bellhop` on that server, with an owner and a role for nodes that owns nothing, and
# migrates it with the program in RELEASE. Sets DATABASE_URL (the node's) and BELLHOP_MIGRATE_URL (the owner's).
prepare_database() {
    local owner node place
    owner=$(openssl rand -hex 20)
    node=$(openssl rand -hex 20)
    step "Make the database's roles" make_roles "${POSTGRES_URL[$1]}" "$owner" "$node" ||
        die 70 "The database could not be prepared."
    if [[ -n ${POSTGRES_PORT[$1]:-} ]]; then
        place=@127.0.0.1:${POSTGRES_PORT[$1]}/bellhop
        BELLHOP_MIGRATE_URL=postgresql://bellhop_owner:$owner$place
        DATABASE_URL=postgresql://bellhop:$node$place
    else
        place="@/bellhop?host=${STORE_FOLDER[$1]}"
        BELLHOP_MIGRATE_URL=postgresql://bellhop_owner$place
        DATABASE_URL=postgresql://bellhop$place
    fi
    step "Migrate the database" migrate || die 70 "The database could not be migrated."
}

make_roles() { # URI OWNER-PASSWORD NODE-PASSWORD
    # Passwords go through a pipe: a command line can be read by everyone on the machine.
    "$(postgres_bin)/psql" -X -q -v ON_ERROR_STOP=1 "$1" <<-SQL
	create role bellhop_owner login password '$2';
	create role bellhop_node nologin;
	create role bellhop login password '$3' in role bellhop_node;
	create database bellhop owner bellhop_owner;
	SQL
}

migrate() { BELLHOP_MIGRATE_URL=$BELLHOP_MIGRATE_URL "$RELEASE/bellhop" migrate; }

# start_redis NAME [OPTION…]: REDIS_URL[NAME] becomes its URL. It keeps nothing on disk. Options are lines of its configuration,
# which only its owner can read: REDIS_CONFIG[NAME] names the file. Its title stays what was typed, so that its environment
# can be read, and with it whose it is.
declare -A REDIS_CONFIG=()
start_redis() {
    local name=$1 redis_port file=$LOGS/$1.conf
    shift
    free_port redis_port
    STORE_FOLDER[$name]=$LOGS
    (
        umask 077
        printf '%s\n' "port $redis_port" 'bind 127.0.0.1' 'save ""' 'appendonly no' "dir \"$LOGS\"" 'set-proc-title no' \
            "$@" >"$file"
    )
    REDIS_CONFIG[$name]=$file
    REDIS_URL[$name]=redis://127.0.0.1:$redis_port
    start_server "$name" redis-server "$file"
    await_server "$name" 20 port "$redis_port"
}
