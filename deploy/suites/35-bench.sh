#!/usr/bin/env bash
# in: gate
# proves: the bench's driver sees every fault that it looks for, and node and floor deliver every event once, whole, in order; floor and cluster write the same rows for a command; what an app is told reaches all its sockets, and they come back after a cut

. "$(dirname "$0")/checks.sh"
. "$TOP/Tests/Bench/servers.sh"

need_packages python3
build_release bellhop-peer
compile_bench
DRIVE=("$BIN/driver")

# drive_faulty FAULT COMMAND…: the driver against a server with this fault.
drive_faulty() {
    local fault=$1 port status=0
    shift
    free_port port
    start_server "faulty-$fault" python3 "$BENCH/faulty.py" --port "$port" --fault "$fault"
    await_server "faulty-$fault" 20 line '^ready$'
    "${DRIVE[@]}" --port "$port" --pid "${SERVER_PID[faulty-$fault]}" "$@" || status=$?
    stop_server "faulty-$fault"
    return "$status"
}

# notices FAULT CODE PATTERN: the driver ends with this code and says this.
notices() {
    local output status=0
    output=$(drive_faulty "$1" 'open 3' 'fanout 2 4' 2>&1) || status=$?
    say "exit $status: $output"
    ((status == $2)) && grep -qE -- "$3" <<<"$output"
}

delivers() { # SERVER: hundreds of sockets, one event at a time, in bursts, and paced
    local name=$1
    serve "$name"
    "${DRIVE[@]}" --port "${PORT[$name]}" --pid "${PIDS[$name]}" --bytes "${2:-300}" 'open 500' 'fanout 1 20' \
        'fanout 16 5' 'fanout 64 3' 'paced 50 1' close 'open 200' 'fanout 64 2' memory
    stop_server "$name"
}

for fault in none bytewise merged pings; do
    check "a server that is right ($fault) is found right" drive_faulty "$fault" 'open 3' 'fanout 2 4'
done
check "a lost event is noticed" notices lose 1 '"lost":3,"duplicates":0,"disorder":0'
check "a repeated event is noticed" notices repeat 1 '"lost":0,"duplicates":3,"disorder":0'
check "disorder is noticed" notices swap 1 '"lost":0,"duplicates":0,"disorder":3'
check "a damaged event is noticed" notices damage 2 'a damaged text'
check "an event of the wrong kind is noticed" notices binary 2 'unexpected frame 82'
check "a close is noticed" notices close 2 'closed a WebSocket with code 1000'
check "a refused POST is noticed" notices refuse 2 'a POST was answered: HTTP/1.1 503 No'
for bytes in 64 125 126 300 4000; do
    check "the floor delivers $bytes bytes to each, once and in order" delivers floor "$bytes"
    check "bellhop-peer delivers $bytes bytes to each, once and in order" delivers bellhop "$bytes"
done

# ------------------------------------------------------------------------------------------------- commands
. "$TOP/Tests/Bench/cluster.sh"
TENANTS=3
need_cluster
serve_command_cluster

rows_of() { # DATABASE: what commands have written there
    psql_in "$1" -F ' ' -c "select (select count(*) from bellhop.operation), (select count(*) from bellhop.event),
        (select count(*) from bellhop.room_status_history), (select count(*) from bellhop.audit_log)"
}

field() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" <<<"$2"; }

# Every command of the floor leaves what one of the cluster leaves: an operation, an event, two axes of history, an audit row.
floor_writes_all() {
    local before after answer count i
    read -ra before < <(rows_of floor)
    answer=$(run_commands_floor 6 1)
    read -ra after < <(rows_of floor)
    count=$(field commands "$answer")
    say "$answer" "rows: ${before[*]} -> ${after[*]}"
    ((count > 0))
    for i in 0 1 3; do ((after[i] - before[i] == count)); done
    ((after[2] - before[2] == 2 * count))
}

cluster_writes_as_much() {
    local before after answer i added
    read -ra before < <(rows_of bellhop)
    answer=$(run_commands_driver "$CLUSTER_PORTS" "open 12" "load 6 1")
    read -ra after < <(rows_of bellhop)
    added=$((after[0] - before[0]))
    say "$answer" "rows: ${before[*]} -> ${after[*]}"
    (($(field commands "$answer") > 0 && $(field deliveries "$answer") > 0 && added >= $(field commands "$answer")))
    # What prepares the rooms may find some as it wants them: no event then, and nothing more may be missing.
    ((after[1] - before[1] >= $(field commands "$answer") && after[2] - before[2] == 2 * (after[1] - before[1])))
    for i in 1 2 3; do ((after[i] > before[i])); done
}

notices_no_change() { # a measured command that changes nothing must end the driver
    local output status=0
    LC_ALL=C sed 's/"hk_status":"clean"/"hk_status":"dirty"/g' "$RECORDING" >"$RECORDING.same"
    output=$(RECORDING=$RECORDING.same run_commands_driver "$CLUSTER_PORTS" "load 3 1" 2>&1) || status=$?
    say "exit $status: $output"
    ((status == 2)) && grep -q 'a command changed nothing' <<<"$output"
}

single_hears_all() {
    local answer
    answer=$(run_commands_driver "$CLUSTER_PORTS" "open-one 30" "single 1")
    say "$answer"
    (($(field commands "$answer") > 0))
    (($(field deliveries "$answer") == 30 * $(field commands "$answer")))
}

check "the floor of a command writes all its rows" floor_writes_all
check "the cluster's commands write the same rows" cluster_writes_as_much
check "a command that changes nothing is noticed" notices_no_change
check "after each command all sockets hear of it" single_hears_all

# ----------------------------------------------------------------------------------------------------- apps
. "$TOP/Tests/Bench/apps.sh"
compile_apps
know_apps
NODES_AT=$(IFS=, && echo "${NODE_PORTS[*]}")

# all_told LINES SOCKETS: in each of the two lines every socket has every event.
all_told() {
    local line events
    say "$1"
    (($(wc -l <<<"$1") == 2))
    while read -r line; do
        events=$(field events "$line")
        ((events > 0 && $(field deliveries "$line") == $2 * events))
    done <<<"$1"
}

turns() { # PEER COMMAND
    COST_PIDS="cluster=$BELLHOP_PIDS peer=${SERVER_PID[$1]}" run_apps_driver "${NODE_PORTS[0]}" --listen-ports "$NODES_AT" \
        --peer-ports "$2" "$3"
}

apps_take_turns() {
    local lines
    serve bellhop
    lines=$(turns bellhop "${PORT[bellhop]}" "turns 30 30 1 1")
    stop_server bellhop
    all_told "$lines" 30
}

notices_repeated_app_event() {
    local peer_port output status=0
    free_port peer_port
    start_server faulty-app python3 "$BENCH/faulty.py" --port "$peer_port" --fault repeat
    await_server faulty-app 20 line '^ready$'
    output=$(turns faulty-app "$peer_port" "turns 3 3 1 1" 2>&1) || status=$?
    stop_server faulty-app
    say "exit $status: $output"
    ((status == 2)) && grep -q 'event 3 came after 3' <<<"$output"
}

apps_have_channels() { # PORT
    local lines
    lines=$(run_apps_driver "${NODE_PORTS[0]}" --listen-ports "$1" --pid "$BELLHOP_PIDS" "spread 150 2 1")
    all_told "$lines" 150
}

floor_has_channels() {
    serve_app_floor apps-listening
    apps_have_channels "${PORT[apps-listening]}"
    stop_server apps-listening
}

published() { # how many messages Redis was given
    REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -p "${REDIS_URLS##*:}" info commandstats |
        sed -n 's/^cmdstat_publish:calls=\([0-9]*\).*/\1/p'
}

publishes() { # PORT PID: as many messages as requests
    local answer calls
    calls=$(published)
    answer=$(run_apps_driver "$1" --pid "$2" "publish 8 1")
    say "$answer" "published: $calls -> $(published)"
    (($(field requests "$answer") > 0 && $(published) - calls >= $(field requests "$answer")))
}

floor_publishes() {
    serve_app_floor apps-floor --answer-bytes 300
    publishes "${PORT[apps-floor]}" "${PIDS[apps-floor]}"
    stop_server apps-floor
}

floor_looks_at_signatures() {
    local status=0
    FLOOR_APP=${APP%:*}:another serve_app_floor apps-floor --answer-bytes 300
    run_apps_driver "${PORT[apps-floor]}" --pid "${PIDS[apps-floor]}" "publish 1 1" || status=$?
    cat "${SERVER_LOG[apps-floor]}"
    ((status == 2)) && grep -q 'a signature is wrong' "${SERVER_LOG[apps-floor]}"
}

all_come_back() {
    local lines
    lines=$(COST_PIDS="nodes=$BELLHOP_PIDS" run_apps_driver "${BELLHOP_URL##*:}" "storm 60 2")
    say "$lines"
    (($(grep -c '"sockets":60,.*"timeouts":0,.*"subscribed_p99_ms"' <<<"$lines") == 2))
}

check "what an app is told reaches all sockets of three nodes, and what its peer is told the peer's" apps_take_turns
check "an event that comes twice is noticed there" notices_repeated_app_event
check "a socket of a node hears its own of 150 channels" apps_have_channels "${NODE_PORTS[2]}"
check "a socket of the floor hears its own of 150 channels" floor_has_channels
check "a node publishes what an app posts" publishes "${NODE_PORTS[0]}" "${NODE_PIDS[0]}"
check "the floor publishes what an app posts" floor_publishes
check "the floor takes no other signature" floor_looks_at_signatures
check "all sockets come back through the balancer" all_come_back
stop_command_cluster
score
