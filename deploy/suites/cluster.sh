# shellcheck shell=bash
# The scenarios of Tests/Cluster. Source it, then call `cluster RUN`.

. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

# What drives the scenarios from outside: requests made up from the API's document, and clients that other people wrote.
PYPI=(schemathesis==4.32.5 pusher==3.3.4 Pysher==1.0.8)

# cluster RUN: plays the scenarios of the gate or of the long run; the suite's last line is theirs.
cluster() {
    need_packages python3 haproxy redis-server postgresql-client-15
    need_postgres
    need_pypi cluster "${PYPI[@]}"
    build_release bellhop
    "$VENV/bin/python" -B Tests/Cluster --node "$RELEASE/bellhop" --logs "$LOGS" --run "$1"
}
