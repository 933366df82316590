# shellcheck shell=bash
# The scenarios of Tests/Cluster. Source it, then call `cluster RUN`.

. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

SCHEMATHESIS=schemathesis==4.32.5

# cluster RUN: plays the scenarios of the gate or of the long run; the suite's last line is theirs.
cluster() {
    need_packages python3 haproxy redis-server postgresql-client-15
    need_postgres
    need_pypi cluster "$SCHEMATHESIS"
    build_release bellhop
    "$VENV/bin/python" -B Tests/Cluster --node "$RELEASE/bellhop" --logs "$LOGS" --run "$1"
}
