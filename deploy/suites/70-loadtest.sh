#!/usr/bin/env bash
# in: gate
# proves: the load tester drives bellhop-peer without loss, and notices what is wrong with a run

. "$(dirname "$0")/checks.sh"

need_packages python3
# A state folder of its own: a cluster that somebody runs in this checkout is left alone.
export STATE_FOLDER=$STATE/test/loadtest-state
mkdir -p "$STATE_FOLDER"
at_exit deploy/stop
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

# ------------------------------------------------------------------------------------------------ the hotel

unset DATABASE_URL REDIS_URLS
check "a cluster with the demo hotels starts" deploy/run --nodes 2 --detach
HOTEL=$STATE_FOLDER/env
node_pid() { sed -n 's/^BELLHOP_PIDS=//p' "$HOTEL" | cut -d, -f"$1"; }
hotel() { "$RELEASE/loadtest" fanout --env "$HOTEL" --warmup 0.5 --no-progress "$@"; }

check "200 sockets of two tenants hear every change of a room through the balancer" hotel \
    --sockets 200 --seconds 3 --rate 20 --json "$LOGS/hotel.json" --html "$LOGS/hotel.html"
check "once, in order, and none of the other tenant's" holds "$LOGS/hotel.json" \
    '(r["connected"] == 200 and r["commands"] == r["events"] == 60 and r["deliveries"] == r["expected"] == 6000
        and r["lost"] == r["duplicates"] == r["disorder"] == r["strangers"] == 0)'
check "commands, and news after their answers, are timed" holds "$LOGS/hotel.json" \
    '(0 < r["command_p50_ms"] <= r["command_p99_ms"] and 0 <= r["after_answer_p50_ms"] <= r["p50_ms"] <= r["max_ms"]
        and len(r["servers"]) == 2 and all(s["cpu_s"] > 0 for s in r["servers"]))'
check "straight to the nodes, with two workers, nothing is missed either" hotel \
    --direct --workers 2 --sockets 100 --seconds 2 --rate 20 --json "$LOGS/direct.json"
check "both nodes have sockets" holds "$LOGS/direct.json" \
    'len(r["targets"]) == 2 and r["connected"] == 100 and r["deliveries"] == r["expected"] == 2000'

sed 's/^BELLHOP_DEMO_PASSWORD=.*/BELLHOP_DEMO_PASSWORD=wrong/' "$HOTEL" >"$STATE_FOLDER/wrong-env"
wrong_password() {
    local output
    output=$(exits 69 "$RELEASE/loadtest" fanout --env "$STATE_FOLDER/wrong-env" --sockets 10 --no-progress 2>&1)
    [[ $output == *"BELLHOP_DEMO_PASSWORD in $STATE_FOLDER/wrong-env is wrong"* ]]
}
check "a wrong password is told" wrong_password

# Sockets are at the other node, commands at both: those whose answer the killed node owes are repeated there with their keys.
node_gone() {
    local tester
    sed "s|^BELLHOP_URL=.*|BELLHOP_URL=$(sed -n 's/^BELLHOP_NODES=//p' "$HOTEL" | cut -d, -f2)|" "$HOTEL" >"$STATE_FOLDER/second-env"
    "$RELEASE/loadtest" fanout --env "$STATE_FOLDER/second-env" --sockets 50 --seconds 4 --rate 50 --warmup 0 --no-progress \
        --json "$LOGS/gone.json" --pid "$(node_pid 2)" &
    tester=$!
    wait_until 20 pgrep -P "$tester" -f 'worker publisher'
    sleep 2
    kill -KILL "$(node_pid 1)"
    wait "$tester"
    holds "$LOGS/gone.json" 'r["command_retries"] > 0 and r["commands"] == r["events"] == 200 and r["lost"] == r["duplicates"] == 0'
}
check "a node that dies in the middle of commands costs nobody anything" node_gone
check "deploy/stop ends the cluster" deploy/stop
score
