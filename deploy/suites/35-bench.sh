#!/usr/bin/env bash
# in: gate
# proves: the bench's driver sees every fault that it looks for, and node and floor deliver every event once, whole, in order; floor and cluster write the same rows for a command

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
stop_command_cluster
score
