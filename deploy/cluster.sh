# shellcheck shell=bash disable=SC2034,SC2154
# The cluster that deploy/run starts and deploy/stop ends. Sourced after lib.sh and stores.sh; ENV_FILE names the file that
# describes it.

# Where PostgreSQL's files are, one folder a line. They are new with each start and go with each stop.
DATABASE_FOLDERS=$STATE/database.folders

# cluster_value NAME: from the description of the cluster.
cluster_value() { sed -n "s/^$1=//p" "$ENV_FILE" 2>/dev/null; }

# pids_of NAME…: those that stand behind these names in the description, and still are ours.
pids_of() {
    local name pid
    for name in "$@"; do
        for pid in $(cluster_value "$name" | tr ',' ' '); do
            if is_ours "$pid"; then echo "$pid"; fi
        done
    done
}

cluster_pids() { pids_of BELLHOP_BALANCER_PID BELLHOP_PIDS BELLHOP_REDIS_PIDS BELLHOP_POSTGRES_PID; }

# A pid may have been given to another program since: only those count that still run what we started.
is_ours() { is_running "$1" && grep -qzxF "CLUSTER_STATE=$STATE" "/proc/$1/environ" 2>/dev/null; }

cluster_is_up() { [[ -n $(cluster_pids) ]]; }

# stop_in_order SECONDS POSTGRES-PIDS REDIS-PIDS PID…: those in front first, all at once and each after its drain; then what they
# stand on.
stop_in_order() {
    local patience=$1 postgres=$2 redis=$3 pid began
    shift 3
    stop_together "$patience" "$@"
    # shellcheck disable=SC2086 # one word each
    stop_together 10 $redis
    # SIGTERM would have it wait for everybody who is connected.
    # shellcheck disable=SC2086
    for pid in $postgres; do
        began=$(born "$pid")
        kill -INT "$pid" 2>/dev/null || true
        reap_pid "$pid" 30 "$began"
    done
    remove_database
}

# stop_started: what this script has started, however far it came.
stop_started() {
    local name pid postgres='' redis='' front=()
    for name in "${!SERVER_PID[@]}"; do
        pid=${SERVER_PID[$name]}
        is_child "$pid" || continue
        case $name in
        postgres) postgres=$pid ;;
        redis) redis=$pid ;;
        *) front+=("$pid") ;;
        esac
    done
    stop_in_order "$SERVER_PATIENCE" "$postgres" "$redis" "${front[@]}"
    forget_servers
}

remove_database() {
    local folder
    [[ -e $DATABASE_FOLDERS ]] || return 0
    while read -r folder; do rm -rf "$folder"; done <"$DATABASE_FOLDERS"
    rm -f "$DATABASE_FOLDERS"
}

# choose_database_folder: sets database_folder: below .bellhop, unless PostgreSQL's user cannot come there, or the path is too
# long for a socket.
choose_database_folder() {
    database_folder=$STATE/postgres
    if ((${#database_folder} > 90)) || ! (as_postgres test -x "$STATE"); then
        database_folder=$(mktemp -d /tmp/bellhop-postgres.XXXXXX)
    fi
    printf '%s\n' "$database_folder" >"$DATABASE_FOLDERS"
}

# start_stores: a PostgreSQL with a migrated database, with the demo unless $no_demo is set, and a Redis unless $no_redis is.
start_stores() {
    local database_folder database_port password
    remove_database
    choose_database_folder
    free_port database_port
    # As in production the disk is waited for.
    start_postgres postgres "$database_folder" "port=$database_port" "max_connections=$((nodes * 8 + ${spare_connections:-40}))"
    BELLHOP_POSTGRES_PID=${SERVER_PID[postgres]}
    say "$GREEN✓$PLAIN PostgreSQL is ready"
    prepare_database postgres
    REDIS_URLS='' BELLHOP_REDIS_PIDS='' BELLHOP_CLUSTER_SECRETS=''
    if [[ -z $no_redis ]]; then
        password=$(openssl rand -hex 20)
        start_redis redis "requirepass $password"
        # shellcheck disable=SC2153 # of stores.sh
        REDIS_URLS=redis://:$password@${REDIS_URL[redis]#redis://}
        BELLHOP_REDIS_PIDS=${SERVER_PID[redis]}
        BELLHOP_CLUSTER_SECRETS=run:$(openssl rand -base64 32)
        say "$GREEN✓$PLAIN Redis is ready"
    fi
    BELLHOP_DEMO_PASSWORD=$(openssl rand -hex 8)
    [[ -n $no_demo ]] || step "Load the demo hotels" seed_demo || die 70 "The demo could not be loaded."
}

# As the node, whose rights it needs and no more.
seed_demo() {
    DATABASE_URL=$DATABASE_URL BELLHOP_DEMO_PASSWORD=$BELLHOP_DEMO_PASSWORD "$RELEASE/bellhop" seed-demo
}

# start_cluster: uses $nodes, $port, $no_redis and $no_demo; sets the values that write_env writes.
start_cluster() {
    local i node_port admin_port apps apps_file='' lines='' urls=() admin_urls=() pids=()
    export CLUSTER_STATE=$STATE
    at_exit stop_started
    start_stores
    BELLHOP_JWT_SECRETS=run:$(openssl rand -base64 32)
    BELLHOP_DOMAIN_KEY=$(openssl rand -hex 10)
    # Pusher's SDKs take an id of digits only.
    BELLHOP_APP_ID=1001 BELLHOP_APP_KEY=$(openssl rand -hex 10) BELLHOP_APP_SECRET=$(openssl rand -hex 20)
    apps=bellhop:$BELLHOP_DOMAIN_KEY:$(openssl rand -hex 20),$BELLHOP_APP_ID:$BELLHOP_APP_KEY:$BELLHOP_APP_SECRET
    [[ -z ${conformance_app:-} ]] || add_conformance_app
    [[ -n $port ]] || free_port port
    for ((i = 1; i <= nodes; i++)); do
        free_port node_port
        free_port admin_port
        # Secrets travel in the environment: a command line can be read by everyone on the machine.
        BELLHOP_NODE_ID=node-$i BELLHOP_HOST=127.0.0.1 BELLHOP_PORT=$node_port BELLHOP_ADMIN_HOST=127.0.0.1 \
            BELLHOP_ADMIN_PORT=$admin_port BELLHOP_JWT_SECRETS=$BELLHOP_JWT_SECRETS BELLHOP_APPS=$apps \
            BELLHOP_APPS_FILE=$apps_file DATABASE_URL=$DATABASE_URL REDIS_URLS=$REDIS_URLS \
            BELLHOP_CLUSTER_SECRETS=$BELLHOP_CLUSTER_SECRETS BELLHOP_WEB=$TOP/Sources/Web \
            BELLHOP_TEST_CLIENTS=${BELLHOP_TEST_CLIENTS:-1} BELLHOP_LOOPS=${BELLHOP_LOOPS:-1} \
            start_server "node-$i" "$RELEASE/bellhop"
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

# add_conformance_app: $conformance_app, id:key:secret[:webhook-url], joins $apps, and $apps_file has what it may. Sign-in needs no
# switch: every external app has it.
add_conformance_app() {
    local id key secret url webhooks=''
    IFS=: read -r id key secret url <<<"$conformance_app"
    apps+=,$id:$key:$secret
    [[ -z $url ]] || webhooks=", \"webhooks\": {\"url\": \"$url\"}"
    apps_file=$STATE/apps.json
    (
        umask 077 # a URL may have a secret in it
        printf '{"%s": {"client_events": true, "watchlist": true, "subscription_counts": true%s}}\n' "$id" "$webhooks" \
            >"$apps_file"
    )
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
            BELLHOP_APP_KEY BELLHOP_APP_SECRET BELLHOP_DOMAIN_KEY BELLHOP_JWT_SECRETS BELLHOP_CLUSTER_SECRETS \
            DATABASE_URL BELLHOP_MIGRATE_URL BELLHOP_POSTGRES_PID REDIS_URLS BELLHOP_REDIS_PIDS BELLHOP_DEMO_PASSWORD; do
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
            [[ $name == node-* ]] || continue # nodes live on without their stores
            alive=$((alive - 1))
            ((alive > 0)) || die 70 "No node is left."
        done
        sleep 0.5 &
        wait $! # unlike sleep itself, wait ends at once on a signal
    done
}
