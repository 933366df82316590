# shellcheck shell=bash
# Plain HTTP: the node's /livez beside nginx that returns an answer of the same size, over kept-alive connections.
# Sourced after servers.sh, whose PORT and PIDS it fills for the two.
# shellcheck disable=SC2154,SC2153
. "$TOP/deploy/stores.sh"

# cpu_ticks PID…: what they have used, in hundredths of a second.
cpu_ticks() {
    local pid sum=0 fields
    for pid in "$@"; do
        # The name may hold spaces and brackets: fields are counted after the last bracket. utime and stime are 14 and 15.
        fields=$(sed 's/.*) //' "/proc/$pid/stat")
        read -ra fields <<<"$fields"
        sum=$((sum + fields[11] + fields[12]))
    done
    echo "$sum"
}

serve_node() {
    local port
    free_port port
    PORT[node]=$port
    start_postgres postgres
    prepare_database postgres
    DATABASE_URL=$DATABASE_URL BELLHOP_DB_POOL=1 BELLHOP_HOST=127.0.0.1 BELLHOP_PORT=$port BELLHOP_LOOPS=1 BELLHOP_LOG=warning \
        BELLHOP_JWT_SECRETS=bench:$(openssl rand -base64 32) \
        BELLHOP_APPS=bench:bench:$(openssl rand -hex 16) pinned node "$RELEASE/bellhop"
    await_server node 20 http "http://127.0.0.1:$port/readyz"
}

answer_of() { curl -fsS -i "http://127.0.0.1:${PORT[$1]}/livez"; }

header_count() { answer_of "$1" | sed '1d; /^\r$/,$d' | wc -l; }

# serve_static: nginx with the node's body, and as many headers and bytes as the node sends. What nginx says by itself stays;
# headers of filling make up the rest.
serve_static() {
    local port body headers='' count bytes length i
    free_port port
    PORT[nginx]=$port
    body=$(curl -fsS "http://127.0.0.1:${PORT[node]}/livez")
    fill "$PEERS/nginx-static.conf.in" "$STATE/nginx" PORT="$port" HEADERS='' BODY="$body"
    serve_nginx nginx "$STATE/nginx" livez
    count=$(($(header_count node) - $(header_count nginx)))
    bytes=$(($(answer_of node | wc -c) - $(answer_of nginx | wc -c)))
    stop_server nginx
    # A header `X-1: …` takes seven bytes and its value.
    for ((i = 1; i <= count; i++)); do
        length=$((bytes / (count - i + 1) - 7))
        bytes=$((bytes - 7 - (length > 0 ? length : 1)))
        headers+="            add_header X-$i $(printf '%*s' "$((length > 0 ? length : 1))" '' | tr ' ' x);"$'\n'
    done
    fill "$PEERS/nginx-static.conf.in" "$STATE/nginx" PORT="$port" HEADERS="$headers" BODY="$body"
    serve_nginx nginx "$STATE/nginx" livez
    say "$DIM  the node answers $(header_count node) headers, $(answer_of node | wc -c) bytes;" \
        "nginx $(header_count nginx) headers, $(answer_of nginx | wc -c) bytes$PLAIN"
}

bench_http() {
    local round count name seconds=${quick:+2} before ticks requests pids
    seconds=${seconds:-4}
    build_release bellhop
    need_packages nginx wrk openssl
    need_postgres
    serve_node
    serve_static
    count=$(rounds 7)
    for ((round = 1; round <= count; round++)); do
        say "$DIM  http, round $round of $count$PLAIN"
        for name in node nginx; do
            IFS=, read -ra pids <<<"${PIDS[$name]}"
            before=$(cpu_ticks "${pids[@]}")
            taskset -c "$DRIVER_CORE" wrk -t1 -c64 -d"${seconds}s" "http://127.0.0.1:${PORT[$name]}/livez" >"$LOGS/wrk.log" ||
                server_failed "$name" "failed under wrk"
            ticks=$(($(cpu_ticks "${pids[@]}") - before))
            requests=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$LOGS/wrk.log")
            if grep -q 'Non-2xx\|Socket errors' "$LOGS/wrk.log"; then
                cat "$LOGS/wrk.log"
                server_failed "$name" "answered with errors"
            fi
            ANSWER="{\"phase\":\"http\",\"requests\":$requests,\"cpu_s\":$((ticks / 100)).$(printf '%02d' $((ticks % 100))),"
            ANSWER+="\"per_cpu_s\":$((requests * 100 / (ticks ? ticks : 1)))}"
            record http "$round" "$name"
        done
    done
    stop_server nginx
    stop_server node
    stop_server postgres
}
