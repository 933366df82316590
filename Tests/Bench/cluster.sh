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
    local shared=("$COMMANDS/recording.c" "$COMMANDS/common.c" "$COMMANDS/costs.c")
    need_packages gcc libc6-dev libpq-dev libhiredis-dev
    mkdir -p "$BIN"
    step "Compile the floor of a command" cc -O2 -Wall -Wextra -Werror -o "$BIN/commands-floor" "$COMMANDS/floor.c" \
        "${shared[@]}" -lpq -lhiredis
    step "Compile the driver of commands" cc -O2 -Wall -Wextra -Werror -o "$BIN/commands-driver" "$COMMANDS/driver.c" \
        "$COMMANDS/listeners.c" "$COMMANDS/sockets.c" "$COMMANDS/peers.c" "${shared[@]}" "$BENCH/driver/usage.c"
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
    local nodes_at=$1
    shift
    "$BIN/commands-driver" --recording "$RECORDING" --key "$BELLHOP_DOMAIN_KEY" --ports "$nodes_at" "$@"
}

# measure_commands SECTION ROUND SERVER NODE-PIDS COMMAND…: runs the command, which says at the end what the processes behind it
# have used meanwhile.
measure_commands() {
    local section=$1 round=$2 name=$3 costs="postgres=${SERVER_PID[postgres]} redis=${SERVER_PID[redis]}"
    [[ -z $4 ]] || costs+=" nodes=$4"
    shift 4
    ANSWER=$(COST_PIDS=$costs "$@") || die 70 "$name did not get through '$section'"
    ANSWER=${ANSWER##*$'\n'}
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

# Which loop reads Redis is decided here: the same nodes with BELLHOP_STORE_LOOP on, in the same cluster and the same rounds.
bench_store-loop() {
    local round count seconds=${quick:+3}
    seconds=${seconds:-10} count=$(rounds 5)
    need_cluster
    serve_command_cluster
    start_looped_nodes
    for ((round = 1; round <= count; round++)); do
        say "$DIM  store-loop, round $round of $count$PLAIN"
        measure_commands store-loop "$round" first-loop "$BELLHOP_PIDS" \
            run_commands_driver "$CLUSTER_PORTS" "open 100" "load $IN_FLIGHT $seconds"
        measure_commands store-loop "$round" own-loop "$LOOPED_PIDS" \
            run_commands_driver "$LOOPED_PORTS" "open 100" "load $IN_FLIGHT $seconds"
    done
    stop_command_cluster
}

# From the answer to the last socket; and with 3,000 sockets, beside the time in which the floor writes as many frames of that
# length. Both times end with the last socket. The floor's begins when its POST is sent, the cluster's with the answer, before
# which it has published already: what a socket had by then took no time after it.
bench_cluster-latency() {
    local round count seconds=${quick:+3} bytes
    seconds=${seconds:-10} count=$(rounds 5)
    need_cluster
    compile_bench
    serve_command_cluster
    serve floor
    for ((round = 1; round <= count; round++)); do
        say "$DIM  cluster-latency, round $round of $count$PLAIN"
        measure_commands cluster-latency-100 "$round" cluster "$BELLHOP_PIDS" \
            run_commands_driver "$CLUSTER_PORTS" "open-one 100" "single $seconds"
        measure_commands cluster-latency-3000 "$round" cluster "$BELLHOP_PIDS" \
            run_commands_driver "$CLUSTER_PORTS" "open-one 3000" "single $seconds"
        bytes=$(frame_bytes)
        measure_commands cluster-latency-3000 "$round" floor "${PIDS[floor]}" \
            "$BIN/driver" --port "${PORT[floor]}" --pid "${PIDS[floor]}" --sources 4 --bytes "$bytes" "open 3000" "fanout 1 100"
    done
    stop_command_cluster
}

# frame_bytes: how long the frames were in the last answer, rounded.
frame_bytes() { sed -n 's/.*"frame_bytes":\([0-9]*\).*/\1/p' <<<"$ANSWER"; }

# Deliveries per CPU-second of a node that only listens: commands go to the others, its sockets hear of them over Redis. Event by
# event beside it /fanout of the same stack, with frames of that length, as many sockets and the same receiver: what a send costs
# the sender depends on whether the receiver sleeps, and on who was on the core before.
bench_fanout-cluster() {
    local round count seconds=${quick:+3} ports pids sockets=1000 lines SERVER_CORE=0-1
    seconds=${seconds:-10} count=$(rounds 7)
    need_cluster
    build_release bellhop-peer
    compile_bench
    serve_command_cluster
    serve bellhop
    IFS=, read -ra ports <<<"$CLUSTER_PORTS"
    IFS=, read -ra pids <<<"$BELLHOP_PIDS"
    for ((round = 1; round <= count; round++)); do
        say "$DIM  fanout-cluster, round $round of $count$PLAIN"
        lines=$(COST_PIDS="cluster=${pids[2]} peer=${PIDS[bellhop]}" run_commands_driver "${ports[0]},${ports[1]}" \
            --listen-ports "${ports[2]}" --peer-port "${PORT[bellhop]}" "alternate $sockets $seconds") ||
            die 70 "The two did not get through"
        ANSWER=${lines%%$'\n'*} && record fanout-cluster "$round" cluster
        ANSWER=${lines##*$'\n'} && record fanout-cluster "$round" peer
    done
    stop_command_cluster
}
