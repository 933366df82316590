#!/usr/bin/env bash
# in: gate long
# proves: the Pusher protocol, rule by rule of its sheet, over raw sockets against a cluster (long: its time limits, too)

. "$(dirname "$0")/checks.sh"

need_packages python3 haproxy redis-server postgresql-client-15
need_postgres
build_release bellhop
run=gate
[[ -z ${GATE_LONG:-} ]] || run=long
python3 -B Tests/Conformance/pusher --node "$RELEASE/bellhop" --logs "$LOGS" --run "$run"
