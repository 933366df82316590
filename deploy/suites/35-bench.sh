#!/usr/bin/env bash
# in: gate
# proves: the bench's driver sees every fault that it looks for, and node and floor deliver every event once, whole, in order

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
score
