#!/usr/bin/env bash
# in: gate
# proves: deploy/run brings up a cluster that answers through the balancer, survives the loss of a node, and leaves nothing

. "$(dirname "$0")/checks.sh"

need_packages curl
# A state folder of its own: a cluster that somebody runs in this checkout is left alone.
export STATE_FOLDER=$STATE/test/run-state
mkdir -p "$STATE_FOLDER"
ENV_FILE=$STATE_FOLDER/env
. "$TOP/deploy/cluster.sh"
at_exit deploy/stop

answers() { [[ $(curl -s -m 2 -o /dev/null -w '%{http_code}' "$1") == "$2" ]]; } # URL STATUS

nothing_is_left() {
    local environment
    for environment in /proc/[0-9]*/environ; do
        if grep -qzxF "CLUSTER_STATE=$STATE_FOLDER" "$environment" 2>/dev/null &&
            is_running "${environment//[^0-9]/}"; then
            say "still running: ${environment//[^0-9]/}" && return 1
        fi
    done
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
check "the balancer answers /readyz" answers "$BELLHOP_URL/readyz" 200
for node in ${BELLHOP_NODES//,/ }; do check "${node##*:} answers /livez" answers "$node/livez" 200; done
for node in ${BELLHOP_ADMIN_URLS//,/ }; do check "${node##*:} shows its metrics to operators" answers "$node/metrics" 200; done
check "clients see no metrics" answers "$BELLHOP_URL/metrics" 404
check "the settings are for their owner only" test "$(stat -c %a "$ENV_FILE")" = 600
check "a second run says that one is up" refuses_a_second_run
check "the balancer leaves out a node that crashed" survives_a_crash
check "deploy/stop ends the cluster" deploy/stop
check "nothing is left of it" nothing_is_left
check "the balancer's port is closed" answers "$BELLHOP_URL/readyz" 000
check "Ctrl-C ends a run in the foreground" ends_on INT
check "SIGTERM ends a run in the foreground" ends_on TERM
score
