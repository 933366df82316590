#!/usr/bin/env bash
# in: gate
# proves: deploy/run brings up a cluster that answers through the balancer, survives the loss of a node or a store, and leaves nothing

. "$(dirname "$0")/checks.sh"

need_packages curl openssl postgresql-client-15
# A state folder of its own: a cluster that somebody runs in this checkout is left alone.
export STATE_FOLDER=$STATE/test/run-state
mkdir -p "$STATE_FOLDER"
ENV_FILE=$STATE_FOLDER/env
. "$TOP/deploy/cluster.sh"
at_exit deploy/stop

# A setting of whoever runs this must not reach the nodes.
unset DATABASE_URL REDIS_URLS

answers() { [[ $(curl -s -m 2 -o /dev/null -w '%{http_code}' "$1") == "$2" ]]; } # URL STATUS

nothing_is_left() {
    local environment
    for environment in /proc/[0-9]*/environ; do
        if grep -qzxF "CLUSTER_STATE=$STATE_FOLDER" "$environment" 2>/dev/null &&
            is_running "${environment//[^0-9]/}"; then
            say "still running: ${environment//[^0-9]/}" && return 1
        fi
    done
    no_postgres
    [[ ! -e $STATE_FOLDER/postgres && ! -e $STATE_FOLDER/database.folders ]]
}

# The server's own children have other words in the place of their command line and environment.
no_postgres() {
    local folder
    for folder in /proc/[0-9]*/cwd; do
        [[ $(readlink "$folder" 2>/dev/null) != "$STATE_FOLDER/postgres/data"* ]] || return 1
    done
}

describes_the_cluster() {
    local name
    for name in BELLHOP_URL BELLHOP_NODES BELLHOP_PIDS BELLHOP_ADMIN_URLS BELLHOP_APP_ID BELLHOP_APP_KEY BELLHOP_APP_SECRET \
        BELLHOP_DOMAIN_KEY DATABASE_URL BELLHOP_MIGRATE_URL REDIS_URLS BELLHOP_JWT_SECRETS BELLHOP_DEMO_PASSWORD \
        BELLHOP_REDIS_PIDS BELLHOP_POSTGRES_PID BELLHOP_BALANCER_PID; do
        grep -qE "^$name=.+" "$ENV_FILE" || { say "$name is missing" && return 1; }
    done
}

ask() { psql -X -q -At -v ON_ERROR_STOP=1 "$1" -c "$2"; } # URI STATEMENT

# It may look at the ledger and cannot do anything that row-level security or ownership would forbid.
is_a_modest_role() {
    [[ $(ask "$DATABASE_URL" "select count(*) > 0 from public.schema_migrations") == t ]]
    [[ $(ask "$DATABASE_URL" "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb from pg_roles
        where rolname = current_user") == f ]]
    [[ $(ask "$DATABASE_URL" "select count(*) from pg_class where relowner = current_user::regrole") == 0 ]]
    ! ask "$DATABASE_URL" "create table bellhop.mine (x int)"
}

# publishes SECRET STATUS: as the back end of the external app does, through the balancer.
publishes() {
    local body='{"name":"greeting","channel":"lobby","data":"hello"}' query signature
    query="auth_key=$BELLHOP_APP_KEY&auth_timestamp=$(date +%s)&auth_version=1.0"
    query+="&body_md5=$(printf %s "$body" | md5sum | cut -d ' ' -f 1)"
    signature=$(printf 'POST\n/apps/%s/events\n%s' "$BELLHOP_APP_ID" "$query" |
        openssl dgst -sha256 -mac HMAC -macopt "key:$1" | sed 's/.* //')
    [[ $(curl -s -m 5 -o /dev/null -w '%{http_code}' -d "$body" \
        "$BELLHOP_URL/apps/$BELLHOP_APP_ID/events?$query&auth_signature=$signature") == "$2" ]]
}

is_healthy() { all_say ok; }
all_say() { # WORD: /healthz of every node
    local node
    for node in ${BELLHOP_NODES//,/ }; do [[ $(curl -s -m 2 "$node/healthz") == "$1" ]] || return 1; done
}

all_ready() {
    local node
    for node in ${BELLHOP_NODES//,/ }; do answers "$node/readyz" 200 || return 1; done
}

# What the nodes were told of the app, and nothing of it where everybody sees it.
has_the_conformance_app() {
    [[ $(stat -c %a "$STATE_FOLDER/apps.json") == 600 ]]
    [[ $(<"$STATE_FOLDER/apps.json") == '{"4711": {"client_events": true, "watchlist": true, "subscription_counts": true,'* ]]
    ! pgrep -fa -- conformance-secret-1
}

# The back end of the conformance app: one program that writes down the body of each request, when its signature is right.
start_back_end() {
    HOOK_SECRET=conformance-secret-1 start_server back-end python3 -c '
import hashlib, hmac, http.server, os, sys
class BackEnd(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signature = hmac.new(os.environb[b"HOOK_SECRET"], body, hashlib.sha256).hexdigest()
        is_right = self.headers["X-Pusher-Key"] == "rt-key-1" and self.headers["X-Pusher-Signature"] == signature
        is_right = is_right and self.headers["Content-Type"] == "application/json"
        self.send_response(200 if is_right else 401)
        self.end_headers()
        if is_right:
            with open(sys.argv[2], "ab") as file:
                file.write(body + b"\n")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), BackEnd).serve_forever()' "$1" "$LOGS/told"
    await_server back-end 20 port "$1"
}

was_told() { wait_until 20 grep -qF -- "$1" "$LOGS/told"; } # TEXT

# A browser of the conformance app comes into a channel, stays until the back end has heard of it, and goes.
a_visit_is_told() {
    PYTHONPATH=Tests/Cluster:Tests/PythonSupport PYTHONDONTWRITEBYTECODE=1 python3 - "$BELLHOP_URL" "$LOGS/told" <<'VISIT'
import asyncio, json, pathlib, sys
from harness.websocket import WebSocket


async def visit(url, told):
    answers = asyncio.Queue()
    path = "/app/rt-key-1?protocol=7&client=visitor&version=1"
    socket = await WebSocket.connect(url, path, answers.put_nowait, lambda code: None)
    async with asyncio.timeout(20):
        await answers.get()
        socket.send_text(json.dumps({"event": "pusher:subscribe", "data": {"channel": "lobby"}}))
        for wanted in ('"channel_occupied","channel":"lobby"', '"lobby","subscription_count":1'):
            while wanted not in told.read_text():
                await asyncio.sleep(0.02)
    socket.abort()


asyncio.run(visit(sys.argv[1], pathlib.Path(sys.argv[2])))
VISIT
    was_told '"channel_vacated","channel":"lobby"'
    was_told '"lobby","subscription_count":0'
    [[ $(grep -c '"lobby"' "$LOGS/told") == 4 ]]
}

# As a node does that has found something out: the rest is the nodes' own.
tells_the_back_end() {
    ask "$DATABASE_URL" "begin; select set_config('bellhop.tenant', '00000000-0000-0000-0000-000000000000', true);
        select bellhop.note_webhooks('4711', '{}', '{}', '{}', '{}', '{}', array['{\"name\":\"cache_miss\",\"channel\":\"cache-a\"}'::bytea],
            '3 s', '1 s', '0', 100); commit"
    was_told '"events":[{"name":"cache_miss","channel":"cache-a"}]}'
}

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# notices PID: that all nodes say so within a second after it was killed, and take clients nevertheless.
notices() {
    local killed
    killed=$(milliseconds)
    kill -KILL "$1"
    until all_say degraded; do
        (($(milliseconds) - killed < 1000)) || { say "after $(($(milliseconds) - killed)) ms: $(curl -s "${BELLHOP_NODES%%,*}/healthz")" && return 1; }
    done
    say "after $(($(milliseconds) - killed)) ms"
    all_ready
}

tells_operators_all() {
    local node health
    for node in ${BELLHOP_ADMIN_URLS//,/ }; do
        health=$(curl -s -m 2 "$node/healthz")
        say "$health"
        grep -qE '"name":"postgresql","status":"ok","reachable":true,"schema":[0-9]+' <<<"$health"
        grep -q '"name":"redis-1","status":"ok","beat":true,"connected":true' <<<"$health"
    done
}

# node NAME=VALUE…: runs a node with the least that it needs, these settings and whatever they overrule, for at most 20 s.
node() {
    local port
    free_port port
    env BELLHOP_HOST=127.0.0.1 BELLHOP_PORT="$port" BELLHOP_JWT_SECRETS="$BELLHOP_JWT_SECRETS" BELLHOP_APPS=a:b:cccccccccccccccc \
        "$@" timeout 20 "$RELEASE/bellhop"
}

needs_a_database() {
    local output status=0
    output=$(node 2>&1) || status=$?
    say "exit $status: $output"
    ((status == 78))
    [[ $output == "DATABASE_URL: is required; for example "* && $(wc -l <<<"$output") == 1 ]]
}

refuses_a_newer_schema() {
    local output status=0
    ask "$BELLHOP_MIGRATE_URL" "insert into public.schema_migrations values (9999, 'next', decode(repeat('00', 32), 'hex'))"
    output=$(node DATABASE_URL="$DATABASE_URL" 2>&1) || status=$?
    # Those that serve already go on: the schema of the next release comes before its nodes.
    is_healthy || status="$status, and others suffer"
    ask "$BELLHOP_MIGRATE_URL" "delete from public.schema_migrations where version = 9999"
    say "exit $status: $output"
    [[ $status == 78 && $output == *"the schema has version 9999, which is newer than this program"* ]]
}

# Also without any store a node lives, takes nobody, and leaves when it is asked to.
lives_without_stores() {
    local port
    free_port port
    DATABASE_URL=postgresql://nobody@127.0.0.1:1/none BELLHOP_HOST=127.0.0.1 BELLHOP_PORT=$port BELLHOP_APPS=a:b:cccccccccccccccc \
        BELLHOP_JWT_SECRETS=$BELLHOP_JWT_SECRETS BELLHOP_DRAIN_NOTICE_SECONDS=0 start_server lonely "$RELEASE/bellhop"
    await_server lonely 20 http "http://127.0.0.1:$port/livez"
    answers "http://127.0.0.1:$port/readyz" 404
    answers "http://127.0.0.1:$port/healthz" 503
    kill -TERM "${SERVER_PID[lonely]}"
    wait "${SERVER_PID[lonely]}"
}

shows_no_password() {
    local password
    for password in "${DATABASE_URL#*bellhop:}" "${REDIS_URLS#redis://:}" "$BELLHOP_JWT_SECRETS"; do
        if pgrep -fa -- "${password%%@*}"; then return 1; fi
    done
}

exits() { # STATUS COMMAND…
    local status=0
    "${@:2}" || status=$?
    ((status == $1))
}

alone() { [[ -z $REDIS_URLS && -z $BELLHOP_REDIS_PIDS && $BELLHOP_NODES != *,* ]] && is_healthy && all_ready; }

# The same server again, on the same port with the same files.
restart() { # NAME COMMAND…
    start_server "$@"
    wait_until 30 is_healthy && all_ready
}

comes_back() { # NAME COMMAND…: in this shell, so that the server is stopped with the suite
    if restart "$@"; then passed "$1 comes back and is found again"; else failed "$1 comes back and is found again"; fi
}

refuses_a_second_run() {
    local output status=0
    output=$(deploy/run --detach 2>&1) || status=$?
    say "$output"
    ((status == 75)) && [[ $output == *"already up at $BELLHOP_URL"* ]]
}

survives_a_crash() {
    kill -KILL "${BELLHOP_PIDS%%,*}"
    # Until the balancer's checks notice (twice 0.2 s) a request may still meet the dead node and be refused.
    wait_until 5 answered_ten_times
}

answered_ten_times() {
    local i
    for i in {1..10}; do answers "$BELLHOP_URL/readyz?$i" 200 || return 1; done
}

# A foreground run that gets SIGNAL ends with everything it started.
ends_on() {
    local run
    set -m # not ignored, as SIGINT is for plain background commands
    deploy/run --nodes 1 >"$LOGS/foreground.log" 2>&1 </dev/null &
    run=$!
    set +m
    wait_until 300 grep -q 'Stop it with Ctrl-C' "$LOGS/foreground.log"
    kill -"$1" "$run"
    wait "$run" || true
    nothing_is_left && [[ ! -e $ENV_FILE ]]
}

check "deploy/run --detach ends with a ready cluster" deploy/run --detach
# shellcheck disable=SC1090 # written by deploy/run
. "$ENV_FILE"
build_release bellhop >/dev/null # it is built: for RELEASE
check "the settings for scripts are complete" describes_the_cluster
check "the nodes' role owns nothing and is above nobody" is_a_modest_role
check "the balancer answers /readyz" answers "$BELLHOP_URL/readyz" 200
check "every node takes clients" all_ready
check "every node says that it is well" is_healthy
check "a back end of others publishes through the balancer" publishes "$BELLHOP_APP_SECRET" 200
check "and nobody without its secret does" publishes another-secret 401
check "operators are told of every store" tells_operators_all
for node in ${BELLHOP_NODES//,/ }; do check "${node##*:} answers /livez" answers "$node/livez" 200; done
for node in ${BELLHOP_ADMIN_URLS//,/ }; do check "${node##*:} shows its metrics to operators" answers "$node/metrics" 200; done
check "the test client is served" answers "$BELLHOP_URL/client/pusher.html" 200
check "what is told live is described" answers "$BELLHOP_URL/asyncapi.json" 200
check "clients see no metrics" answers "$BELLHOP_URL/metrics" 404
check "the settings are for their owner only" test "$(stat -c %a "$ENV_FILE")" = 600
check "no command line shows a password" shows_no_password
check "without a database's address a node does not start" needs_a_database
check "a node refuses a schema that is newer than itself" refuses_a_newer_schema
check "a node without its stores lives, and takes nobody" lives_without_stores
check "a killed Redis is noticed within a second" notices "$BELLHOP_REDIS_PIDS"
comes_back redis redis-server "$STATE_FOLDER/log/run/redis.conf"
mapfile -d '' -t postgres <"/proc/$BELLHOP_POSTGRES_PID/cmdline"
check "a killed PostgreSQL is noticed within a second" notices "$BELLHOP_POSTGRES_PID"
wait_until 10 no_postgres # it does not start beside what is left of itself
rm -f "$STATE_FOLDER"/postgres/{data/postmaster.pid,.s.PGSQL.*} # nor beside a zombie, where nobody waits for those
comes_back postgres bash -c "$(declare -f as_postgres); as_postgres \"\$@\"" - "${postgres[@]}"
check "a second run says that one is up" refuses_a_second_run
check "the balancer leaves out a node that crashed" survives_a_crash
check "deploy/stop ends the cluster" deploy/stop
stop_server redis
stop_server postgres 30
check "nothing is left of it" nothing_is_left
check "the balancer's port is closed" answers "$BELLHOP_URL/readyz" 000
for wrong in 4711 4711:key 4711:key:secret:ftp://a '4711:key:secret:http://a"b' 4711:key:a,b; do
    check "--conformance-app $wrong is refused" exits 64 deploy/run --conformance-app "$wrong"
done
back_end_port=''
free_port back_end_port
rm -f "$LOGS/told"
start_back_end "$back_end_port"
check "deploy/run --no-redis brings up one node, with the conformance app" deploy/run --no-redis --no-demo --detach \
    --conformance-app "4711:rt-key-1:conformance-secret-1:http://127.0.0.1:$back_end_port/hook?a=1"
# shellcheck disable=SC1090
. "$ENV_FILE"
check "it is well without a Redis" alone
check "the conformance app has everything switched on, for its owner's eyes only" has_the_conformance_app
check "its back end is told, signed" tells_the_back_end
check "its back end is told who comes and goes" a_visit_is_told
check "deploy/stop ends it" deploy/stop
check "nothing is left of it, either" nothing_is_left
check "Ctrl-C ends a run in the foreground" ends_on INT
check "SIGTERM ends a run in the foreground" ends_on TERM
score
