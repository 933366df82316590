#!/usr/bin/env bash
# in: gate
# proves: the scripts stop what they start on every way out, and say clearly what is missing

. "$(dirname "$0")/checks.sh"

need_packages curl util-linux
SCRATCH=$(mktemp -d)
at_exit rm -rf "$SCRATCH"
chmod 755 "$SCRATCH"

# script BODY…: a script that uses the library from a folder of its own.
script() {
    mkdir -p "$SCRATCH/deploy"
    cp deploy/lib.sh "$SCRATCH/deploy/"
    # shellcheck disable=SC2016 # the script expands it
    printf '%s\n' '#!/usr/bin/env bash' '. "$(dirname "$0")/lib.sh"' "$@" >"$SCRATCH/deploy/script"
    env -u STATE_FOLDER -u LOGS bash "$SCRATCH/deploy/script"
}

# exits CODE PATTERN COMMAND…: the command ends with this code and says this.
exits() {
    local code=$1 pattern=$2 output status=0
    shift 2
    output=$("$@" 2>&1) || status=$?
    printf '%s\n' "exit $status:" "$output"
    ((status == code)) && grep -qE -- "$pattern" <<<"$output"
}

is_gone() { ! is_running "$1"; }

stops_its_servers() { # BODY…: which writes the pid of a server to $SCRATCH/pid
    rm -f "$SCRATCH/pid"
    script "$@" || true
    local pid
    pid=$(cat "$SCRATCH/pid")
    wait_until 15 is_gone "$pid"
}

# Bash buries a server that died unasked, and its number may be a stranger's when the script leaves.
a_stranger_is_left_alone() {
    local stranger status=0
    sleep 300 &
    stranger=$!
    # shellcheck disable=SC2016 # the script expands it
    script 'start_server s true' 'wait "${SERVER_PID[s]}"' "SERVER_PID[s]=$stranger" "$@" || true
    is_running "$stranger" || status=1
    kill -KILL "$stranger" 2>/dev/null || true
    return $status
}

# Nor is one who gets the number while others are waited for: `born` is what tells them apart.
who_has_the_number_later_is_left_alone() {
    local stranger status=0
    sleep 300 &
    stranger=$!
    reap_pid "$stranger" 1 "$(($(born "$stranger") - 1))" &
    wait $!
    is_running "$stranger" || status=1
    kill -KILL "$stranger" 2>/dev/null || true
    return $status
}

a_signal_stops_everything() { # SIGNAL
    rm -f "$SCRATCH/pid"
    set -m # a group of its own, and SIGINT not ignored as it is for plain background commands
    script 'start_server s sleep 300' "echo \${SERVER_PID[s]} >$SCRATCH/pid.new" "mv $SCRATCH/pid.new $SCRATCH/pid" \
        'step "a long step" sleep 300' &
    local group=$! pid
    set +m
    wait_until 10 test -f "$SCRATCH/pid"
    pid=$(cat "$SCRATCH/pid")
    kill -"$1" -- "-$group"
    wait_until 25 is_gone "$pid" && wait_until 25 is_gone "$group"
}

ports_differ_and_are_free() {
    local port seen='' _
    for _ in {1..100}; do
        free_port port
        [[ " $seen " != *" $port "* ]] || return 1
        seen+=" $port"
        ((port >= 1024 && port <= 65535)) || return 1
    done
}

as_nobody() { # BODY…: the script without root
    mkdir -p "$SCRATCH/.bellhop/log"
    chmod -R a+rwX "$SCRATCH"
    script true
    printf '%s\n' "$@" >>"$SCRATCH/deploy/script"
    ((EUID == 0)) || { bash "$SCRATCH/deploy/script" && return; }
    setpriv --reuid=65534 --regid=65534 --clear-groups env -u STATE_FOLDER bash "$SCRATCH/deploy/script"
}

an_old_swift() {
    mkdir -p "$SCRATCH/bin"
    printf '#!/bin/sh\necho "Swift version 5.9.2 (swift-5.9.2-RELEASE)"\n' >"$SCRATCH/bin/swift"
    chmod +x "$SCRATCH/bin/swift"
    PATH=$SCRATCH/bin:$PATH script need_swift
}

# a_suite BODY…: deploy/test over one suite of this text.
a_suite() {
    mkdir -p "$SCRATCH/suites"
    printf '%s\n' '# in: gate' "$@" >"$SCRATCH/suites/10-made.sh"
    GATE_SUITES=$SCRATCH/suites STATE_FOLDER=$SCRATCH/state CHECKS=$TOP/deploy/suites/checks.sh deploy/test
}

# Three suites that say their names: which of them `deploy/test ARGUMENT…` runs.
suites_run() {
    local name suites=$SCRATCH/three-suites
    mkdir -p "$suites"
    for name in gate long both; do
        printf '%s\n' "# in: ${name/both/gate long}" ". \$CHECKS" 'check "it runs" true' score \
            >"$suites/10-$name.sh"
    done
    GATE_SUITES=$suites STATE_FOLDER=$SCRATCH/state CHECKS=$TOP/deploy/suites/checks.sh bash deploy/test "$@" |
        sed -n 's/^    1 passed, 0 failed in //p' | paste -sd ' '
}

# The suite's process is out of the reach of its process group, as the tests that swift starts are.
stopping_the_gate_stops_everything() {
    local gate pid
    rm -f "$SCRATCH/pid"
    a_suite ". \$CHECKS" "setsid bash -c 'echo \$\$ >$SCRATCH/pid.new; mv $SCRATCH/pid.new $SCRATCH/pid; sleep 300' & wait" &
    gate=$!
    wait_until 10 test -f "$SCRATCH/pid"
    pid=$(cat "$SCRATCH/pid")
    # The subshell that stands for the gate here waits for the script itself.
    kill -TERM "$(pgrep -P "$gate" | head -n 1)"
    wait "$gate" || true
    wait_until 10 is_gone "$pid" || { kill -KILL "$pid" && return 1; }
}

check "a server ends with its script" stops_its_servers 'start_server s sleep 300' "echo \${SERVER_PID[s]} >$SCRATCH/pid"
check "a server ends with a script that fails" stops_its_servers \
    'start_server s sleep 300' "echo \${SERVER_PID[s]} >$SCRATCH/pid" 'false'
check "a server that ignores TERM is killed at the deadline" stops_its_servers \
    "start_server s bash -c 'trap \"\" TERM; echo \$\$ >$SCRATCH/pid; while :; do sleep 0.1; done'" \
    "wait_until 5 test -s $SCRATCH/pid" 'stop_server s 1'
check "who has the number of a server that died is left alone" a_stranger_is_left_alone
check "and when that server is stopped by its name" a_stranger_is_left_alone 'stop_server s 1'
check "who gets the number of one that is waited for is left alone" who_has_the_number_later_is_left_alone
check "SIGTERM in the middle of a step stops everything" a_signal_stops_everything TERM
check "SIGINT in the middle of a step stops everything" a_signal_stops_everything INT
check "a server that dies early is reported with its log" exits 70 'no such luck' script \
    "start_server s bash -c 'echo no such luck; exit 3'" 'await_server s 20 line ready'
check "a failing step shows its output and keeps its status" exits 7 'the reason' script \
    "step 'will fail' bash -c 'echo the reason; exit 7'"
check "a hundred free ports are a hundred different ones" ports_differ_and_are_free
check "without root a missing package is named with the line to type" \
    exits 69 'apt-get install -y --no-install-recommends no-such-package-b' as_nobody 'need_packages bash no-such-package-b'
check "an old Swift is refused" exits 69 'Swift 6.3 or newer' an_old_swift
check "the gate runs what belongs to it" exits 0 '^both gate$' suites_run
check "the long run runs what belongs to it" exits 0 '^both long$' suites_run long
check "a name runs that suite, whatever it belongs to" exits 0 '^gate$' suites_run long gate
check "a suite that fails fails the gate" exits 1 '^1 passed, 1 failed$' a_suite \
    ". \$CHECKS" 'check "good" true' 'check "bad" false' score
check "a suite that dies counts as failed" exits 1 '^0 passed, 1 failed$' a_suite ". \$CHECKS" 'check "good" true' 'exit 3' score
check "a suite without a check counts as failed" exits 1 '^0 passed, 1 failed$' a_suite ". \$CHECKS" score
check "a suite that leaves a process behind fails" exits 1 'left a process running.*sleep 300' a_suite \
    ". \$CHECKS" 'check "good" true' 'setsid sleep 300 >/dev/null 2>&1 &' score
check "a gate that is stopped stops what its suites started" stopping_the_gate_stops_everything
check "an unknown suite is wrong usage" exits 64 'No suite is called' deploy/test no-such-suite
score
