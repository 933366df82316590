# shellcheck shell=bash
# What a suite is written in: each check is counted and named, and the last line of the suite is its score.
# A suite sources this file instead of deploy/lib.sh. Its head has two fields that deploy/test reads:
#   # in: gate long        the runs it belongs to
#   # proves: one sentence

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$TOP/deploy/stores.sh"

# Each suite has its own log folder, so that servers of different suites do not overwrite each other's logs.
LOGS=$STATE/test/$(basename "$0" .sh)
mkdir -p "$LOGS"

CHECKS_PASSED=0
CHECKS_FAILED=0

passed() { CHECKS_PASSED=$((CHECKS_PASSED + ${2:-1})) && say "ok      $1"; }     # SENTENCE [COUNT]
failed() { CHECKS_FAILED=$((CHECKS_FAILED + ${2:-1})) && say "FAILED  $1"; }     # SENTENCE [COUNT]

# check SENTENCE COMMAND…: passes if the command succeeds; its output is shown only if it does not.
check() {
    local sentence=$1 output status=0
    shift
    # In a subshell with errexit on: a check that is a function fails at its first failing command.
    set +e
    output=$(set -e; "$@" 2>&1)
    status=$?
    set -e
    if ((status == 0)); then passed "$sentence"; else
        failed "$sentence (exit $status)"
        printf '%s\n' "$output" | tail -n "${CHECK_TAIL:-60}" | sed 's/^/        /'
    fi
}

# finds_nothing COMMAND…: for searches: succeeds if there is no output, else prints it. A search that fails proves nothing.
finds_nothing() {
    local output status=0
    output=$("$@") || status=$?
    ((status <= 1)) || { say "the search itself failed: $*" && return "$status"; }
    [[ -z $output ]] || { printf '%s\n' "$output" && return 1; }
}

# score: the last line of a suite, and its exit status.
score() {
    say "$CHECKS_PASSED passed, $CHECKS_FAILED failed"
    ((CHECKS_FAILED == 0))
}

# swift_tests SENTENCE [FLAG…]: runs the Swift suites with these build flags and counts each test. Those that need a store find a
# private one behind TEST_POSTGRES (its superuser's URI) and TEST_REDIS.
swift_tests() {
    local sentence=$1 target broken='' status=0 tests=0 failures=0 backtrace=threads=crashed,registers=none,images=none
    shift
    # Sanitizers print their own, and in their address space Swift's takes half a minute for each test of a crash.
    [[ "$*" != *--sanitize* ]] || backtrace=enable=no
    rm -f "$LOGS"/report*.xml
    need_stores
    need_packages pgbouncer
    start_postgres postgres
    start_redis redis
    export TEST_POSTGRES=${POSTGRES_URL[postgres]} TEST_REDIS=${REDIS_URL[redis]}
    swift build --build-tests --explicit-target-dependency-import-check error "$@" || status=$?
    # One test after the other: many block a thread while they wait for a socket, and Swift's pool has as many threads as the
    # machine has cores. Side by side they would take both from the node that they wait for.
    for target in Tests/*Tests; do
        ((status == 0)) || break # it did not build
        target=${target##*/}
        say "--- $target"
        SWIFT_BACKTRACE=$backtrace swift test --disable-xctest --no-parallel --skip-build --filter "^$target\\." \
            --xunit-output "$LOGS/report-$target.xml" "$@" || broken="$broken $target"
    done
    # A target without a report: a test ended the process.
    read -r tests failures < <(cat "$LOGS"/report*.xml 2>/dev/null | awk '
        /<testcase / { tests++; whole = 1 }
        /<failure/ && whole { failures++; whole = 0 }
        END { print tests + 0, failures + 0 }')
    ((tests == failures)) || passed "$sentence" $((tests - failures))
    if ((failures > 0)); then
        failed "$sentence" "$failures"
    elif ((status != 0)); then
        failed "$sentence: they do not build (exit $status)"
    elif [[ -n $broken ]]; then
        failed "$sentence: no test failed, yet a run ended badly:$broken"
    elif ((tests == 0)); then
        failed "$sentence: no test ran"
    fi
}
