# shellcheck shell=bash
# The words that all scripts share: messages, steps with progress, packages, ports, servers that never outlive their
# script. Source it first: `. "$(dirname "$0")/lib.sh"`. Sourcing it sets strict mode and the traps.
#
# Exit codes are those of sysexits.h: 64 wrong usage, 69 something that must be installed is missing, 70 a server
# failed, 75 try again later.

set -euo pipefail
shopt -s inherit_errexit

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# Everything a script writes lives below this folder, which git ignores.
# (No name of ours in the environment begins with BELLHOP_: a node refuses settings that it does not know.)
STATE=${STATE_FOLDER:-$TOP/.bellhop}
LOGS=$STATE/log
mkdir -p "$LOGS"
cd "$TOP"

# ---------------------------------------------------------------------------------------------------- messages

# shellcheck disable=SC2034 # those who source this use them
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
else
    BOLD='' DIM='' RED='' GREEN='' YELLOW='' PLAIN=''
fi

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$YELLOW$*$PLAIN" >&2; }
die() { # die CODE MESSAGE…
    local code=$1
    shift
    printf '%s\n' "$RED$*$PLAIN" >&2
    exit "$code"
}

# The comment block at the top of the calling script is its manual: one text, readable in the file and by --help.
show_manual() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }

# ------------------------------------------------------------------------------------------------------- steps

STEP_PID=''

# step TITLE COMMAND…: runs the command (a function too, but in a subshell: it cannot set variables here) with its output in a
# log, shows that it lives and for how long, and shows the log's tail when it fails. Returns the command's status.
step() {
    local title=$1 log started=$SECONDS status=0
    shift
    log=$LOGS/${title//[^[:alnum:].-]/-}.log
    # Job control gives the command its own process group, so that the traps can end all of it.
    set -m
    "$@" >"$log" 2>&1 </dev/null &
    STEP_PID=$!
    set +m
    show_progress "$title" "$STEP_PID" "$log"
    wait "$STEP_PID" 2>/dev/null || status=$?
    STEP_PID=''
    if ((status == 0)); then
        printf '%s✓%s %s %s(%d s)%s\n' "$GREEN" "$PLAIN" "$title" "$DIM" $((SECONDS - started)) "$PLAIN"
    else
        printf '%s✗ %s%s (%d s, exit %d), the end of %s:\n' \
            "$RED" "$title" "$PLAIN" $((SECONDS - started)) "$status" "$log"
        tail -n "${STEP_TAIL:-40}" "$log" | sed 's/^/    /'
    fi
    return "$status"
}

# show_progress TITLE PID LOG: until PID ends. A terminal gets one line that changes; a log file gets a line twice a minute.
show_progress() {
    local title=$1 pid=$2 log=$3 started=$SECONDS next=30 last width=$(($(tput cols 2>/dev/null || echo 100) - 1))
    while kill -0 "$pid" 2>/dev/null; do
        if [[ -t 1 ]]; then
            last=$(tail -c 400 "$log" 2>/dev/null | tr '\r' '\n' | sed '/^[[:space:]]*$/d' | tail -n 1)
            last="· $title ($((SECONDS - started)) s) ${last//[^[:print:]]/}"
            printf '\r\e[2K%s%s%s' "$DIM" "${last:0:width}" "$PLAIN"
        elif ((SECONDS - started >= next)); then
            say "  … $title (${next} s)"
            next=$((next + 30))
        fi
        sleep 0.2
    done
    [[ ! -t 1 ]] || printf '\r\e[2K'
}

# ---------------------------------------------------------------------------------------------------- packages

# need_packages NAME…: Debian packages. Installs what is missing as root, else says the line to type and exits 69.
need_packages() {
    local name missing=()
    for name in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true) == installed ]] || missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    local line="apt-get install -y --no-install-recommends ${missing[*]}"
    ((EUID == 0)) || die 69 "These packages are missing. Install them with:" $'\n' "   sudo $line"
    export DEBIAN_FRONTEND=noninteractive
    if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then step "Read the package lists" apt-get update; fi
    step "Install ${missing[*]}" apt-get install -y --no-install-recommends "${missing[@]}" && return 0
    # Lists that are older than the archive name files that are gone.
    step "Read the package lists anew" apt-get update
    step "Install ${missing[*]} again" apt-get install -y --no-install-recommends "${missing[@]}" ||
        die 69 "Could not install: ${missing[*]}"
}

# need_pypi NAME PACKAGE==VERSION…: sets VENV to a virtual environment of that name with exactly these packages.
need_pypi() {
    local name=$1
    shift
    VENV=$STATE/venv-$name
    [[ "$(cat "$VENV/.pinned" 2>/dev/null || true)" != "$*" ]] || return 0
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages python3 python3-venv
    rm -rf "$VENV"
    step "Make a Python environment for $name" python3 -m venv "$VENV"
    step "Install $*" "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@" ||
        die 69 "Could not install from PyPI: $*"
    printf '%s\n' "$*" >"$VENV/.pinned"
}

# Swift is not in Debian: found on PATH or where its tarball is usually unpacked.
need_swift() {
    command -v swift >/dev/null || PATH=$PATH:/opt/swift/usr/bin
    command -v swift >/dev/null ||
        die 69 "Swift 6.3 is missing: take it from https://www.swift.org/install/linux and put its usr/bin on PATH."
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')
    [[ $(printf '6.3\n%s\n' "$version" | sort -V | head -n 1) == 6.3 ]] ||
        die 69 "Swift 6.3 or newer is needed, $(command -v swift) is ${version:-unreadable}."
}

# Libraries that our C modules link.
need_libraries() { need_packages gcc libc6-dev libssl-dev zlib1g-dev libpq-dev libhiredis-dev; }

# build_release PRODUCT…: sets RELEASE to the folder of the built programs.
build_release() {
    local product flags=(-c release --static-swift-stdlib)
    need_libraries
    need_swift
    for product in "$@"; do step "Build $product" swift build "${flags[@]}" --product "$product"; done
    # shellcheck disable=SC2034 # for the caller
    RELEASE=$(swift build "${flags[@]}" --show-bin-path)
}

# ------------------------------------------------------------------------------------------------ ports, waiting

declare -A PORT_IS_TAKEN=()

# free_port NAME: sets the variable NAME to a TCP port that nobody uses, below the range of outgoing connections.
free_port() {
    local -n found=$1
    local used low high
    read -r high _ </proc/sys/net/ipv4/ip_local_port_range
    low=$((high > 20000 ? 12000 : 1024))
    used=$(awk 'FNR > 1 { sub(/.*:/, "", $2); print $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null | sort -u)
    while :; do
        found=$((low + (RANDOM << 15 | RANDOM) % (high - low)))
        [[ -n ${PORT_IS_TAKEN[$found]:-} ]] && continue
        grep -qix "$(printf '%04X' "$found")" <<<"$used" && continue
        PORT_IS_TAKEN[$found]=yes
        return 0
    done
}

# wait_until SECONDS COMMAND…: polls; fails at the deadline. Set WAIT_PID to fail as soon as that process is gone.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [[ -z ${WAIT_PID:-} ]] || kill -0 "$WAIT_PID" 2>/dev/null || return 1
        ((SECONDS < deadline)) || return 1
        sleep 0.05
    done
}

# wait_for_http URL SECONDS: until the URL answers 2xx.
wait_for_http() { wait_until "$2" curl -fsS -m 2 -o /dev/null "$1"; }

# wait_for_line FILE PATTERN SECONDS: until a line of the file matches.
wait_for_line() { wait_until "$3" grep -qE -- "$2" "$1"; }

# wait_for_port PORT SECONDS: until something on loopback accepts connections there.
wait_for_port() { wait_until "$2" port_accepts "$1"; }
port_accepts() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }

# ----------------------------------------------------------------------------------------------------- servers

declare -A SERVER_PID=() SERVER_LOG=()
SERVER_NAMES=()

# start_server NAME COMMAND…: in the background, in a session of its own, so that a Ctrl-C reaches only this script, which
# then stops its servers in order. SERVER_PID[NAME] and SERVER_LOG[NAME] tell the rest.
start_server() {
    local name=$1
    shift
    SERVER_LOG[$name]=$LOGS/$name.log
    # Here and not only where it is opened, which is later: who waits for a line must not see that of the one before.
    : >"${SERVER_LOG[$name]}"
    setsid "$@" >"${SERVER_LOG[$name]}" 2>&1 </dev/null &
    SERVER_PID[$name]=$!
    SERVER_NAMES+=("$name")
}

# server_failed NAME WHAT: says so with the log's tail and exits 70.
server_failed() {
    printf '%s%s %s, the end of %s:%s\n' "$RED" "$1" "$2" "${SERVER_LOG[$1]}" "$PLAIN" >&2
    tail -n 20 "${SERVER_LOG[$1]}" | sed 's/^/    /' >&2
    exit 70
}

# await_server NAME SECONDS http URL | line PATTERN | port PORT: until it serves; exits 70 with its log if it does not.
await_server() {
    local name=$1 seconds=$2 WAIT_PID=${SERVER_PID[$1]} ok=0
    case $3 in
    http) wait_for_http "$4" "$seconds" || ok=1 ;;
    line) wait_for_line "${SERVER_LOG[$name]}" "$4" "$seconds" || ok=1 ;;
    port) wait_for_port "$4" "$seconds" || ok=1 ;;
    esac
    ((ok == 0)) && return 0
    is_running "$WAIT_PID" || server_failed "$name" "ended before it was ready"
    server_failed "$name" "was not ready within $seconds s"
}

# A number is not a process: bash buries its children unasked, and then their numbers are others': another program's, or one of
# its threads', and a signal to a thread is one to its whole process. So whoever stops something makes sure whom it means.

# born PID: when it began, which tells it from whoever has its number later; nothing if it runs no more.
born() {
    local fields
    read -ra fields < <(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 0
    [[ ${fields[0]} == Z ]] || echo "${fields[19]}"
}

# is_child PID: it runs, and this script started it.
is_child() {
    local state parent
    read -r state parent _ < <(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) && [[ $state != Z ]] &&
        ((parent == $$ || parent == BASHPID))
}

# A zombie still has a pid but runs no more.
is_running() { [[ -n $(born "$1") ]]; }

# stop_pid PID [SECONDS]: TERM, and KILL for its whole session at the deadline. The process need not be our child.
stop_pid() { stop_together "${2:-10}" "$1"; }

# stop_together SECONDS PID…: tells all of them to stop, then waits for each.
stop_together() {
    local patience=$1 pid
    local -A began=()
    shift
    for pid in "$@"; do
        began[$pid]=$(born "$pid")
        [[ -z ${began[$pid]} ]] || kill -TERM "$pid" 2>/dev/null || true
    done
    for pid in "$@"; do reap_pid "$pid" "$patience" "${began[$pid]}"; done
}

# reap_pid PID SECONDS BORN: for one that was told to stop: waits, and kills it at the deadline.
reap_pid() {
    local pid=$1 deadline=$((SECONDS + $2)) began=$3
    while [[ -n $began && $(born "$pid") == "$began" ]]; do
        if ((SECONDS >= deadline)); then
            kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true
            break
        fi
        sleep 0.05
    done
    wait "$pid" 2>/dev/null || true
}

stop_server() { # NAME
    [[ -n ${SERVER_PID[$1]:-} ]] || return 0
    stop_children "${2:-10}" "${SERVER_PID[$1]}"
    unset "SERVER_PID[$1]"
}

# stop_children SECONDS PID…: those of them that still are what this script started.
stop_children() {
    local patience=$1 pid pids=()
    shift
    for pid in "$@"; do
        if is_child "$pid"; then pids+=("$pid"); fi
    done
    stop_together "$patience" "${pids[@]}"
}

# How long servers may take to leave before they are killed.
SERVER_PATIENCE=10

stop_servers() {
    local i pid pids=()
    for ((i = ${#SERVER_NAMES[@]} - 1; i >= 0; i--)); do
        pid=${SERVER_PID[${SERVER_NAMES[i]}]:-}
        [[ -z $pid ]] || pids+=("$pid")
    done
    stop_children "$SERVER_PATIENCE" "${pids[@]}"
    forget_servers
}

forget_servers() { SERVER_PID=() SERVER_NAMES=(); }

# Detached servers live on: what was started is forgotten, nothing is stopped or cleaned up on exit.
detach_servers() {
    forget_servers
    CLEANUPS=()
}

# ------------------------------------------------------------------------------------------------------ leaving

CLEANUPS=()

# at_exit COMMAND…: runs on every way out, last in first out, before the servers are stopped.
at_exit() { CLEANUPS+=("$(printf '%q ' "$@")"); }

leave() {
    local status=$? i
    trap - EXIT
    trap '' INT TERM HUP # one Ctrl-C is enough; what follows is bounded by its own deadlines
    set +e
    if [[ -n $STEP_PID ]]; then
        kill -TERM -- "-$STEP_PID" 2>/dev/null
        stop_pid "$STEP_PID" 20
    fi
    for ((i = ${#CLEANUPS[@]} - 1; i >= 0; i--)); do eval "${CLEANUPS[i]}"; done
    stop_servers
    exit "$status"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
