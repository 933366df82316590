# shellcheck shell=bash
# External apps of the Pusher protocol: their back ends publish over HTTP, their clients listen. Sourced after cluster.sh, whose nodes
# and stores it uses; nothing is pinned here either.
# shellcheck disable=SC2154,SC2153,SC2034,SC2004 # functions of those files read what is set here, by its name

APPS=$BENCH/apps

compile_apps() {
    local shared=("$APPS/signing.c" "$COMMANDS/sockets.c" "$COMMANDS/common.c")
    need_packages gcc libc6-dev libssl-dev
    mkdir -p "$BIN"
    step "Compile the driver of apps" cc -O2 -Wall -Wextra -Werror -o "$BIN/apps-driver" "$APPS/driver.c" "$APPS/storm.c" \
        "$COMMANDS/listeners.c" "$COMMANDS/peers.c" "$COMMANDS/costs.c" "${shared[@]}" "$BENCH/driver/usage.c" -lcrypto
    step "Compile the floor of publishing" cc -O2 -Wall -Wextra -Werror -o "$BIN/apps-floor" "$APPS/floor.c" \
        "${shared[@]}" -lcrypto
    step "Compile the floor of listening" cc -O2 -Wall -Wextra -Werror -o "$BIN/apps-listening" "$APPS/listening.c" \
        "${shared[@]}" -lcrypto
}

# serve_app_cluster: as deploy/run starts it, without the demo.
serve_app_cluster() {
    local nodes=3 port='' no_redis='' no_demo=1 SERVER_PATIENCE=25
    export BELLHOP_DRAIN_SECONDS=1
    need_packages curl haproxy openssl redis-server
    need_postgres
    build_release bellhop
    compile_apps
    start_cluster
    know_apps
}

# know_apps: what the cluster that runs has for apps. Sets NODE_PORTS and NODE_PIDS, arrays, APP, REDIS_PASSWORD.
know_apps() {
    IFS=, read -ra NODE_PORTS <<<"${BELLHOP_NODES//http:\/\/127.0.0.1:/}"
    IFS=, read -ra NODE_PIDS <<<"$BELLHOP_PIDS"
    REDIS_PASSWORD=${REDIS_URLS#redis://:}
    REDIS_PASSWORD=${REDIS_PASSWORD%@*}
    APP=$BELLHOP_APP_ID:$BELLHOP_APP_KEY:$BELLHOP_APP_SECRET
}

run_apps_driver() { # PORTS OPTION… COMMAND…
    local nodes_at=$1
    shift
    "$BIN/apps-driver" --app "$APP" --ports "$nodes_at" "$@"
}

# record_rounds SECTION NAME NAME: LINES has a line for each of the two in every round.
record_rounds() {
    local section=$1 round=1 first second
    while read -r first && read -r second; do
        ANSWER=$first && record "$section" "$round" "$2"
        ANSWER=$second && record "$section" "$round" "$3"
        round=$((round + 1))
    done <<<"$LINES"
}

# serve_app_floor NAME OPTION…: one of the two floors, on the cluster's Redis.
serve_app_floor() {
    local name=$1 floor_port
    shift
    free_port floor_port
    REDIS_PASSWORD=$REDIS_PASSWORD start_server "$name" "$BIN/$name" --app "${FLOOR_APP:-$APP}" --port "$floor_port" \
        --redis-port "${REDIS_URLS##*:}" "$@"
    PORT[$name]=$floor_port PIDS[$name]=${SERVER_PID[$name]}
    await_server "$name" 20 line '^ready$'
}

# An event that one node is given over HTTP, told to sockets of all three; beside it, event by event, as many processes that do
# nothing but tell theirs. Redis counts among the servers. A driver has 20,000 descriptors: for the last hundred there is no peer.
bench_apps-fanout() {
    local i peer_port peers=() peer_pids=() sockets=${SOCKETS:-10000} other SERVER_CORE=0-1 seconds=${quick:+2} LINES
    seconds=${seconds:-8}
    other=$((sockets < 9900 ? sockets : 9900))
    build_release bellhop-peer
    serve_app_cluster
    for i in 1 2 3; do
        free_port peer_port
        pinned "peer-$i" "$RELEASE/bellhop-peer" --port "$peer_port" --loops 1
        await_server "peer-$i" 20 line '^ready$'
        peers+=("$peer_port") peer_pids+=("${PIDS[peer-$i]}")
    done
    LINES=$(COST_PIDS="cluster=$BELLHOP_PIDS,$BELLHOP_REDIS_PIDS peer=$(IFS=, && echo "${peer_pids[*]}")" \
        run_apps_driver "${NODE_PORTS[0]}" --listen-ports "$(IFS=, && echo "${NODE_PORTS[*]}")" \
        --peer-ports "$(IFS=, && echo "${peers[*]}")" "turns $sockets $other $seconds $(rounds 7)") ||
        die 70 "The two did not get through"
    record_rounds apps-fanout cluster peer
    stop_command_cluster
}

# A node that only listens: the events come to it from another node. Each socket on a channel of its own, beside all on one; and the
# same with the floor of listening in the node's place, which hears the same Redis.
bench_apps-channels() {
    local sockets=${SOCKETS:-2000} events=${quick:+5} round count
    count=$(rounds 9) events=${events:-50}
    serve_app_cluster
    for ((round = 1; round <= count; round++)); do
        say "$DIM  apps-channels, round $round of $count$PLAIN"
        serve_app_floor apps-listening
        spread "$round" "${NODE_PORTS[2]}" "${NODE_PIDS[2]}" each one
        spread "$round" "${PORT[apps-listening]}" "${PIDS[apps-listening]}" floor-each floor-one
        stop_server apps-listening
    done
    stop_command_cluster
}

spread() { # ROUND PORT PID NAME NAME: with the sockets at that port
    local lines
    lines=$(run_apps_driver "${NODE_PORTS[0]}" --listen-ports "$2" --pid "$3,${NODE_PIDS[0]},$BELLHOP_REDIS_PIDS" \
        "spread $sockets $events 1") || die 70 "$4 did not get through"
    ANSWER=${lines%%$'\n'*} && record apps-channels "$1" "$4"
    ANSWER=${lines##*$'\n'} && record apps-channels "$1" "$5"
}

# Signed events that nobody hears, at one node of the cluster, beside the floor on the same Redis.
bench_apps-publish() {
    local round count name seconds=${quick:+2} bytes
    seconds=${seconds:-4} count=$(rounds 9)
    serve_app_cluster
    PORT[node]=${NODE_PORTS[0]} PIDS[node]=${NODE_PIDS[0]}
    ANSWER=$(run_apps_driver "${PORT[node]}" --pid "${PIDS[node]}" "publish 64 1") || die 70 "The node did not get through"
    bytes=$(sed -n 's/.*"answer_bytes":\([0-9]*\).*/\1/p' <<<"$ANSWER")
    serve_app_floor apps-floor --answer-bytes "$bytes"
    for ((round = 1; round <= count; round++)); do
        say "$DIM  apps-publish, round $round of $count$PLAIN"
        for name in node apps-floor; do
            ANSWER=$(run_apps_driver "${PORT[$name]}" --pid "${PIDS[$name]}" "publish 64 $seconds") ||
                server_failed "$name" "did not get through"
            record apps-publish "$round" "${name#apps-}"
        done
    done
    stop_command_cluster
}

# Everybody is cut at one moment and comes back through the balancer: connects, is greeted, subscribes to a private channel.
bench_apps-storm() {
    local sockets=${SOCKETS:-8000} round=1 LINES
    [[ -z $quick ]] || sockets=1000
    serve_app_cluster
    LINES=$(COST_PIDS="nodes=$BELLHOP_PIDS balancer=$BELLHOP_BALANCER_PID redis=$BELLHOP_REDIS_PIDS" \
        run_apps_driver "${BELLHOP_URL##*:}" "storm $sockets $(rounds 5)") || die 70 "Not all came back"
    while read -r ANSWER; do
        record apps-storm "$round" cluster
        round=$((round + 1))
    done <<<"$LINES"
    stop_command_cluster
}
