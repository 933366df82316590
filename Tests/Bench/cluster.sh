# shellcheck shell=bash
# Three nodes with their stores, and beside them the floor of a command: sourced after servers.sh. Nothing is pinned here: nodes,
# stores, floor and drivers share the cores, as the two sides of a ratio must have the same.
# shellcheck disable=SC2154,SC2153,SC2034
. "$TOP/deploy/stores.sh"
ENV_FILE=$STATE/env
. "$TOP/deploy/cluster.sh"

COMMANDS=$BENCH/commands
RECORDING=$STATE/commands.recording

compile_commands() {
    local shared=("$COMMANDS/recording.c" "$COMMANDS/common.c")
    need_packages gcc libc6-dev libpq-dev libhiredis-dev
    mkdir -p "$BIN"
    step "Compile the floor of a command" cc -O2 -Wall -Wextra -Werror -o "$BIN/commands-floor" "$COMMANDS/floor.c" \
        "${shared[@]}" -lpq -lhiredis
    step "Compile the driver of commands" cc -O2 -Wall -Wextra -Werror -o "$BIN/commands-driver" "$COMMANDS/driver.c" \
        "${shared[@]}" "$BENCH/driver/usage.c"
}

need_cluster() {
    need_packages curl haproxy openssl redis-server python3
    need_postgres
    build_release bellhop
    compile_commands
}

# Commands of one tenant queue at the head of its stream, whoever sends them.
TENANTS=${TENANTS:-12}

tenant_names() {
    local i
    printf 'aegean,northern'
    for ((i = 3; i <= TENANTS; i++)); do printf ',northern%d' "$i"; done
}

# record_commands: has a node of its own, which no other hears, carry out what will be measured, and writes down what it sends.
record_commands() {
    local node_port
    free_port node_port
    start_redis recorded
    step "Record commands" env BELLHOP_JWT_SECRETS="$BELLHOP_JWT_SECRETS" DATABASE_URL="$DATABASE_URL" \
        BELLHOP_APPS="bench:bench:$(openssl rand -hex 16)" BELLHOP_CLUSTER_SECRETS="$BELLHOP_CLUSTER_SECRETS" \
        BELLHOP_DEMO_PASSWORD="$BELLHOP_DEMO_PASSWORD" \
        python3 "$COMMANDS/record.py" --tenants "$(tenant_names)" --node "$RELEASE/bellhop" --port "$node_port" \
        --postgres-port "${POSTGRES_PORT[postgres]}" --redis-port "${REDIS_URL[recorded]##*:}" --output "$RECORDING" ||
        die 70 "The commands could not be recorded."
    stop_server recorded
}

# psql_in DATABASE …: as the superuser.
psql_in() {
    local name=$1
    shift
    "$(postgres_bin)/psql" -X -q -A -t -v ON_ERROR_STOP=1 "${POSTGRES_URL[postgres]/\/postgres\?//$name?}" "$@"
}

# The floor has the same rows on the same disk, but not the cluster's streams: no node reads what it appends.
copy_database() {
    psql_in postgres -c 'create database floor owner bellhop_owner'
    "$(postgres_bin)/pg_dump" "${POSTGRES_URL[postgres]/\/postgres\?//bellhop?}" | psql_in floor >/dev/null
    psql_in floor -c 'vacuum analyze'
    psql_in bellhop -c 'vacuum analyze'
    psql_in postgres -c checkpoint
}

serve_command_cluster() {
    local nodes=3 port='' no_redis='' no_demo='' spare_connections=140 SERVER_PATIENCE=25
    export BELLHOP_DRAIN_SECONDS=1
    start_cluster
    step "Make $TENANTS tenants" psql_in bellhop -v "tenants=$TENANTS" -f "$COMMANDS/tenants.sql" ||
        die 70 "The tenants could not be made."
    record_commands
    step "Copy the database for the floor" copy_database || die 70 "The database could not be copied."
    FLOOR_DATABASE=${DATABASE_URL%/bellhop}/floor
    REDIS_PORT=${REDIS_URLS##*:}
    REDIS_PASSWORD=${REDIS_URLS#redis://:}
    REDIS_PASSWORD=${REDIS_PASSWORD%@*}
    CLUSTER_PORTS=${BELLHOP_NODES//http:\/\/127.0.0.1:/}
}

# start_looped_nodes: as many nodes again, whose stores have a loop of their own. Sets LOOPED_PORTS and LOOPED_PIDS.
start_looped_nodes() {
    local i node_port ports=() pids=()
    for i in 1 2 3; do
        free_port node_port
        ports+=("$node_port")
        BELLHOP_STORE_LOOP=on BELLHOP_NODE_ID=looped-$i BELLHOP_HOST=127.0.0.1 BELLHOP_PORT=$node_port \
            BELLHOP_JWT_SECRETS=$BELLHOP_JWT_SECRETS BELLHOP_APPS=bellhop:$BELLHOP_DOMAIN_KEY:$(openssl rand -hex 20) \
            DATABASE_URL=$DATABASE_URL REDIS_URLS=$REDIS_URLS BELLHOP_CLUSTER_SECRETS=$BELLHOP_CLUSTER_SECRETS \
            BELLHOP_LOOPS=${BELLHOP_LOOPS:-1} start_server "looped-$i" "$RELEASE/bellhop"
        pids+=("${SERVER_PID[looped-$i]}")
    done
    for i in 1 2 3; do await_server "looped-$i" 30 http "http://127.0.0.1:${ports[i - 1]}/readyz"; done
    LOOPED_PORTS=$(IFS=, && echo "${ports[*]}") LOOPED_PIDS=$(IFS=, && echo "${pids[*]}")
}

stop_command_cluster() { stop_started; }

run_commands_floor() { # IN-FLIGHT SECONDS
    FLOOR_DATABASE=$FLOOR_DATABASE REDIS_PASSWORD=$REDIS_PASSWORD "$BIN/commands-floor" --recording "$RECORDING" \
        --redis-port "$REDIS_PORT" "$@"
}

run_commands_driver() { # PORTS COMMAND…
    local ports=$1
    shift
    "$BIN/commands-driver" --recording "$RECORDING" --key "$BELLHOP_DOMAIN_KEY" --ports "$ports" "$@"
}

# ticks_of FIELDS PID…: the sum of these fields of /proc/PID/stat, counted behind the name.
ticks_of() {
    local pid paths=()
    for pid in "${@:2}"; do paths+=("/proc/$pid/stat"); done
    # A process may have ended meanwhile. Without any, nothing is read.
    cat /dev/null "${paths[@]}" 2>/dev/null | sed 's/.*) //' |
        awk -v fields="$1" 'BEGIN { n = split(fields, f, ",") } { for (i = 1; i <= n; i++) sum += $f[i] } END { print sum + 0 }'
}

# cpu_of_stores: sets POSTGRES_TICKS and REDIS_TICKS, in hundredths of a second. Sessions that have ended count with their parent.
cpu_of_stores() {
    local postmaster=${SERVER_PID[postgres]}
    POSTGRES_TICKS=$(($(ticks_of 12,13,14,15 "$postmaster") + $(ticks_of 12,13 $(pgrep -P "$postmaster"))))
    REDIS_TICKS=$(ticks_of 12,13 "${SERVER_PID[redis]}")
}

# measure_commands SECTION ROUND SERVER NODE-PIDS COMMAND…: runs the command, whose last line is the answer, and adds to it
# what the processes behind it have used.
measure_commands() {
    local section=$1 round=$2 name=$3 pids=$4 nodes postgres redis
    shift 4
    cpu_of_stores
    # shellcheck disable=SC2086
    nodes=$(ticks_of 12,13 ${pids//,/ }) postgres=$POSTGRES_TICKS redis=$REDIS_TICKS
    ANSWER=$("$@") || die 70 "$name did not get through '$section'"
    ANSWER=${ANSWER##*$'\n'}
    cpu_of_stores
    # shellcheck disable=SC2086
    ANSWER=$(awk -v nodes=$(($(ticks_of 12,13 ${pids//,/ }) - nodes)) -v postgres=$((POSTGRES_TICKS - postgres)) \
        -v redis=$((REDIS_TICKS - redis)) -v answer="${ANSWER%\}}" 'BEGIN { printf \
        "%s,\"nodes_cpu_s\":%.2f,\"postgres_cpu_s\":%.2f,\"redis_cpu_s\":%.2f}", answer, nodes / 100, postgres / 100, redis / 100 }')
    record "$section" "$round" "$name"
}

IN_FLIGHT=24

bench_commands() {
    local round count seconds=${quick:+3}
    seconds=${seconds:-10} count=$(rounds 5)
    need_cluster
    serve_command_cluster
    run_commands_floor "$IN_FLIGHT" 1 >/dev/null # warm
    run_commands_driver "$CLUSTER_PORTS" "load $IN_FLIGHT 2" >/dev/null
    for ((round = 1; round <= count; round++)); do
        say "$DIM  commands, round $round of $count$PLAIN"
        measure_commands commands "$round" floor "" run_commands_floor "$IN_FLIGHT" "$seconds"
        measure_commands commands "$round" cluster "$BELLHOP_PIDS" \
            run_commands_driver "$CLUSTER_PORTS" "open 100" "load $IN_FLIGHT $seconds"
    done
    stop_command_cluster
}
