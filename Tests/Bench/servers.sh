# shellcheck shell=bash
# The servers that are measured, each pinned to one core and doing the same work: sourced after deploy/lib.sh.
# `serve NAME` starts one and sets, by name, what the driver must know: PORT, PIDS (those that burn the CPU) and EXTRA options.

SERVER_CORE=0
DRIVER_CORE=1
BENCH=$TOP/Tests/Bench
PEERS=$BENCH/peers
BIN=$STATE/bin

# Everything that fans out, in the order of the report.
ALL_SERVERS=(bellhop floor socketify nchan ws-prebuilt ws websockets)
WEBSOCKETS=websockets==17.4
SOCKETIFY=(socketify==0.0.31 cffi==2.1.1 pycparser==3.12)

declare -A PORT=() PIDS=() EXTRA=()

need_server() { # NAME: what it takes to run it
    case $1 in
    bellhop) build_release bellhop-peer ;;
    floor) ;; # compiled with the driver
    socketify) need_packages libuv1 && need_pypi socketify "${SOCKETIFY[@]}" ;;
    nchan) need_packages nginx libnginx-mod-nchan ;;
    ws | ws-prebuilt) need_node ;;
    websockets) need_pypi websockets "$WEBSOCKETS" ;;
    *) die 64 "No server is called $1; there are: ${ALL_SERVERS[*]}" ;;
    esac
}

need_node() {
    command -v node >/dev/null || need_packages nodejs
    need_packages node-ws
}

compile_bench() {
    need_packages gcc libc6-dev libssl-dev
    mkdir -p "$BIN"
    step "Compile the floor" cc -O2 -Wall -Wextra -Werror -o "$BIN/floor" "$BENCH/floor.c" -lcrypto
    step "Compile the driver" cc -O2 -Wall -Wextra -Werror -o "$BIN/driver" "$BENCH"/driver/*.c
}

# fill TEMPLATE FOLDER NAME=VALUE…: writes FOLDER/nginx.conf.
fill() {
    local text folder=$2 pair
    text=$(<"$1")
    shift 2
    mkdir -p "$folder"
    for pair in "PREFIX=$folder" "$@"; do text=${text//"@${pair%%=*}@"/"${pair#*=}"}; done
    printf '%s\n' "$text" >"$folder/nginx.conf"
}

pinned() { # NAME COMMAND…
    local name=$1
    shift
    start_server "$name" taskset -c "$SERVER_CORE" "$@"
    PIDS[$name]=${SERVER_PID[$name]}
}

serve_nginx() { # NAME FOLDER: with a filled-in configuration
    pinned "$1" nginx -p "$2" -c nginx.conf -e "$2/error.log"
    await_server "$1" 10 http "http://127.0.0.1:${PORT[$1]}/${3:-}"
    PIDS[$1]=$(pgrep -d, -P "${SERVER_PID[$1]}")
}

serve() { # NAME
    local name=$1 port events
    free_port port
    PORT[$name]=$port EXTRA[$name]=''
    case $name in
    bellhop) pinned bellhop "$RELEASE/bellhop-peer" --port "$port" --loops 1 ;;
    floor) pinned floor "$BIN/floor" --port "$port" ;;
    ws) NODE_PATH=/usr/share/nodejs pinned ws node "$PEERS/ws.js" --port "$port" ;;
    ws-prebuilt) NODE_PATH=/usr/share/nodejs pinned ws-prebuilt node "$PEERS/ws.js" --port "$port" --prebuilt ;;
    socketify)
        pinned socketify "$STATE/venv-socketify/bin/python" "$PEERS/socketify_server.py" --port "$port"
        await_server socketify 20 port "$port" # it says that it listens a moment before it does
        return
        ;;
    websockets)
        free_port events
        EXTRA[websockets]="--publish-port $events"
        pinned websockets "$STATE/venv-websockets/bin/python" "$PEERS/websockets_server.py" --port "$port" \
            --publish-port "$events"
        ;;
    nchan)
        EXTRA[nchan]="--publish-path /publish"
        fill "$PEERS/nchan.conf.in" "$STATE/nchan" PORT="$port"
        serve_nginx nchan "$STATE/nchan" ready
        return
        ;;
    esac
    await_server "$name" 20 line '^ready$'
}

# --------------------------------------------------------------------------------------------------- drivers

declare -A TELL=() HEAR=()
# A driver that died is noticed by the read that follows; writing to it must not end the script without a word.
trap true PIPE
remove_pipes() { rm -f "$STATE"/pipe-*; }
at_exit remove_pipes

# drive NAME: a driver for a served server, which keeps its sockets until `stop_driving`.
drive() {
    local name=$1 pipe=$STATE/pipe-$1 extra commands answers
    read -ra extra <<<"${EXTRA[$name]}"
    rm -f "$pipe".*
    mkfifo "$pipe.in" "$pipe.out"
    # shellcheck disable=SC2016 # expanded by the inner shell
    start_server "driver-$name" bash -c 'exec 2>"$1.err" <"$1.in" >"$1.out" && shift && exec "$@"' - "$pipe" \
        taskset -c "$DRIVER_CORE" "$BIN/driver" --port "${PORT[$name]}" --pid "${PIDS[$name]}" --sources 4 "${extra[@]}"
    exec {commands}>"$pipe.in" {answers}<"$pipe.out"
    TELL[$name]=$commands HEAR[$name]=$answers
}

# tell NAME COMMAND: gives the driver a command and sets ANSWER to its line, empty for a `close`. Exits 70 if the driver did.
tell() {
    local name=$1 command=$2
    ANSWER=''
    echo "$command" >&"${TELL[$name]}" || true
    [[ $command != close ]] || return 0
    read -r -t 600 -u "${HEAR[$name]}" ANSWER || {
        cat "$STATE/pipe-$name.err" >&2
        server_failed "$name" "did not get through '$command'"
    }
    if [[ $ANSWER =~ '"lost":'[1-9] || $ANSWER =~ '"duplicates":'[1-9] || $ANSWER =~ '"disorder":'[1-9] ]]; then
        warn "$ANSWER"
        server_failed "$name" "lost, repeated or mixed up events in '$command'"
    fi
}

stop_driving() { # NAME
    local commands=${TELL[$1]} answers=${HEAR[$1]}
    exec {commands}>&- {answers}<&- # ends the driver: its input is at an end
    stop_server "driver-$1"
    rm -f "$STATE/pipe-$1".*
}
