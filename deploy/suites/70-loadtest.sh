#!/usr/bin/env bash
# in: gate
# proves: the load tester drives bellhop-peer without loss, and notices what is wrong with a run

. "$(dirname "$0")/checks.sh"

need_packages python3
build_release loadtest bellhop-peer

free_port PORT
start_server peer "$RELEASE/bellhop-peer" --port "$PORT"
await_server peer 10 line '^ready$'
URL=ws://127.0.0.1:$PORT
PUBLISH=http://127.0.0.1:$PORT/fanout
loadtest() { "$RELEASE/loadtest" "$@" --pid "${SERVER_PID[peer]}" --no-progress; }

# exits CODE COMMAND…: succeeds if the command ends with that code.
exits() {
    local expected=$1 status=0
    shift
    "$@" || status=$?
    ((status == expected)) || { say "exit $status, not $expected" && return 1; }
}

# holds FILE EXPRESSION: a Python expression over the report `r`.
holds() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$@"; }

endless=(fanout --url "$URL/fanout" --publish "$PUBLISH" --sockets 500 --seconds 60 --rate 20 --warmup 0.5)
fanout=("${endless[@]/#60/3}")
check "500 sockets receive every event" loadtest "${fanout[@]}" \
    --json "$LOGS/fanout.json" --svg "$LOGS/fanout.svg" --html "$LOGS/fanout.html"
check "none is lost, doubled or out of order" holds "$LOGS/fanout.json" \
    'r["connected"] == 500 and r["events"] == 60 and r["deliveries"] == 30000 and r["lost"] == r["duplicates"] == r["disorder"] == 0'
check "latency, CPU and memory are measured" holds "$LOGS/fanout.json" \
    '0 < r["p50_ms"] <= r["p99_ms"] <= r["p999_ms"] <= r["max_ms"] and r["servers"][0]["cpu_s"] > 0 and r["servers"][0]["rss_bytes"] > 0'
check "the plot is well-formed" python3 -c \
    'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$LOGS/fanout.svg"
check "the page holds plot and verdict" grep -qE '<svg|PASSED' "$LOGS/fanout.html"
check "two workers share the sockets" loadtest "${fanout[@]}" --workers 2 --json "$LOGS/two.json"
check "and miss nothing" holds "$LOGS/two.json" 'r["workers"] == 2 and r["connected"] == 500 and r["deliveries"] == 30000'
check "every echo comes back" loadtest echo --url "$URL/echo" --sockets 200 --rate 10 --seconds 2 --warmup 0.5
check "2,000 connects that close at once all succeed" loadtest connect --url "$URL/fanout" --sockets 2000 --close
check "idle sockets are kept" loadtest idle --url "$URL/fanout" --sockets 1000 --seconds 1
check "a threshold that is passed fails the run" exits 1 loadtest "${fanout[@]}" --fail-if 'p99>1us'
check "a path that does not exist is told" exits 69 loadtest idle --url "$URL/nowhere" --sockets 10
check "a publisher that is refused is told" exits 69 loadtest fanout --url "$URL/fanout" \
    --publish "http://127.0.0.1:$PORT/nowhere" --sockets 10
check "a wrong option is told" exits 64 loadtest fanout --url "$URL/fanout" --what

# Requests go on being due while the server stands still, so a third of them waits, half a second on average. A tester that
# waited with it would report a single slow answer.
stalled() {
    local peer=${SERVER_PID[peer]}
    { sleep 1.5 && kill -STOP "$peer" && sleep 1 && kill -CONT "$peer"; } &
    loadtest echo --url "$URL/echo" --sockets 100 --rate 20 --seconds 3 --warmup 0.5 --json "$LOGS/stalled.json"
    wait $!
    holds "$LOGS/stalled.json" 'r["lost"] == 0 and 300 < r["p90_ms"] < 1000 and 900 < r["max_ms"] < 2000'
}
check "a server that stands still is charged for all that waited" stalled

# A worker that is killed must not turn into a report of what is left.
killed_worker() {
    "$RELEASE/loadtest" "${endless[@]}" --no-progress &
    local tester=$! worker
    wait_until 5 pgrep -P "$tester" -f 'worker sockets'
    worker=$(pgrep -P "$tester" -f 'worker sockets')
    kill -KILL "$worker"
    exits 70 wait "$tester"
}
check "a worker that dies ends the run" killed_worker

# The coordinator has no chance to say goodbye: its workers end because their orders do.
killed_coordinator() {
    "$RELEASE/loadtest" "${endless[@]}" --no-progress &
    local tester=$! workers worker
    wait_until 5 pgrep -P "$tester" -f 'worker publisher'
    workers=$(pgrep -P "$tester")
    kill -KILL "$tester"
    wait "$tester" || true
    for worker in $workers; do wait_until 5 gone "$worker"; done
}
gone() { ! is_running "$1"; }
check "workers end with their coordinator" killed_coordinator

interrupted() {
    "$RELEASE/loadtest" "${endless[@]}" --no-progress --json "$LOGS/interrupted.json" &
    local tester=$!
    wait_until 5 pgrep -P "$tester" -f 'worker sockets'
    sleep 2
    kill -INT "$tester"
    exits 130 wait "$tester"
    holds "$LOGS/interrupted.json" 'r["interrupted"] and r["lost"] == 0 and 0 < r["deliveries"] < 600000'
}
check "Ctrl-C gives the report so far" interrupted
score
