# shellcheck shell=bash disable=SC2034,SC2154
# The cluster that deploy/run starts and deploy/stop ends. Sourced after lib.sh; ENV_FILE names the file that describes it.

# cluster_value NAME: from the description of the cluster.
cluster_value() { sed -n "s/^$1=//p" "$ENV_FILE" 2>/dev/null; }

cluster_pids() {
    local pids
    pids=$(cluster_value BELLHOP_BALANCER_PID),$(cluster_value BELLHOP_PIDS)
    tr ',' '\n' <<<"$pids" | sed '/^$/d'
}

# A pid may have been given to another program since: only those count that still run what we started.
is_ours() { is_running "$1" && grep -qzxF "CLUSTER_STATE=$STATE" "/proc/$1/environ" 2>/dev/null; }

cluster_is_up() {
    local pid
    for pid in $(cluster_pids); do
        if is_ours "$pid"; then return 0; fi
    done
    return 1
}

# start_cluster: uses $nodes and $port; sets the values that write_env writes.
start_cluster() {
    local i node_port admin_port apps lines='' urls=() admin_urls=() pids=()
    export CLUSTER_STATE=$STATE
    BELLHOP_JWT_SECRETS=run:$(openssl rand -base64 32)
    BELLHOP_DOMAIN_KEY=$(openssl rand -hex 10)
    BELLHOP_APP_ID=demo BELLHOP_APP_KEY=$(openssl rand -hex 10) BELLHOP_APP_SECRET=$(openssl rand -hex 20)
    apps=bellhop:$BELLHOP_DOMAIN_KEY:$(openssl rand -hex 20),$BELLHOP_APP_ID:$BELLHOP_APP_KEY:$BELLHOP_APP_SECRET
    [[ -n $port ]] || free_port port
    for ((i = 1; i <= nodes; i++)); do
        free_port node_port
        free_port admin_port
        # Secrets travel in the environment: a command line can be read by everyone on the machine.
        BELLHOP_NODE_ID=node-$i BELLHOP_HOST=127.0.0.1 BELLHOP_PORT=$node_port BELLHOP_ADMIN_HOST=127.0.0.1 \
            BELLHOP_ADMIN_PORT=$admin_port BELLHOP_JWT_SECRETS=$BELLHOP_JWT_SECRETS BELLHOP_APPS=$apps \
            BELLHOP_WEB=$TOP/Sources/Web BELLHOP_LOOPS=${BELLHOP_LOOPS:-1} start_server "node-$i" "$RELEASE/bellhop"
        urls+=("http://127.0.0.1:$node_port") admin_urls+=("http://127.0.0.1:$admin_port")
        pids+=("${SERVER_PID[node-$i]}")
        lines+="    server node-$i 127.0.0.1:$node_port check port $admin_port"$'\n'
    done
    for ((i = 1; i <= nodes; i++)); do await_server "node-$i" 30 http "${admin_urls[i - 1]}/readyz"; done
    say "$GREEN✓$PLAIN $nodes nodes are ready"
    start_balancer "$lines"
    BELLHOP_URL=http://127.0.0.1:$port
    BELLHOP_BALANCER_PID=${SERVER_PID[balancer]}
    BELLHOP_NODES=$(IFS=, && echo "${urls[*]}")
    BELLHOP_ADMIN_URLS=$(IFS=, && echo "${admin_urls[*]}")
    BELLHOP_PIDS=$(IFS=, && echo "${pids[*]}")
}

start_balancer() { # SERVER-LINES
    local text folder=$STATE/haproxy
    mkdir -p "$folder"
    text=$(<"$TOP/deploy/haproxy/haproxy.cfg.in")
    text=${text//@PORT@/"$port"}
    text=${text//@SOCKET@/"$folder/admin.sock"}
    # Each proxied socket takes two descriptors; HAProxy does not start when they cannot be had.
    text=${text//@MAXCONN@/$((($(ulimit -Hn) - 200) / 2))}
    text=${text//@SERVERS@/"${1%$'\n'}"}
    printf '%s\n' "$text" >"$folder/haproxy.cfg"
    haproxy -c -q -f "$folder/haproxy.cfg" || die 70 "HAProxy refuses $folder/haproxy.cfg"
    # -db: in the foreground, one process.
    start_server balancer haproxy -db -f "$folder/haproxy.cfg"
    await_server balancer 10 http "http://127.0.0.1:$port/readyz"
    say "$GREEN✓$PLAIN The balancer is ready"
}

write_env() {
    local name
    (
        umask 077 # it has secrets
        for name in BELLHOP_URL BELLHOP_NODES BELLHOP_ADMIN_URLS BELLHOP_PIDS BELLHOP_BALANCER_PID BELLHOP_APP_ID \
            BELLHOP_APP_KEY BELLHOP_APP_SECRET BELLHOP_DOMAIN_KEY BELLHOP_JWT_SECRETS; do
            printf '%s=%s\n' "$name" "${!name}"
        done >"$ENV_FILE.new"
        mv "$ENV_FILE.new" "$ENV_FILE"
    )
}

# watch_cluster: until a signal; says when a part of the cluster ends, and ends itself when nothing is left to serve with.
watch_cluster() {
    local name alive=$((nodes))
    while :; do
        for name in "${!SERVER_PID[@]}"; do
            is_running "${SERVER_PID[$name]}" && continue
            local status=0
            wait "${SERVER_PID[$name]}" 2>/dev/null || status=$?
            unset "SERVER_PID[$name]"
            warn "$name ended by itself (exit $status); the end of ${SERVER_LOG[$name]}:"
            tail -n 10 "${SERVER_LOG[$name]}" | sed 's/^/    /' >&2
            [[ $name != balancer ]] || die 70 "Without the balancer nobody can connect."
            alive=$((alive - 1))
            ((alive > 0)) || die 70 "No node is left."
        done
        sleep 0.5 &
        wait $! # unlike sleep itself, wait ends at once on a signal
    done
}
