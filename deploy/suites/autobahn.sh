# shellcheck shell=bash
# The Autobahn cases against /echo of the conformance peer. Source it, then call `autobahn MINIMUM OPTION…`.

. "$(dirname "${BASH_SOURCE[0]}")/checks.sh"

AUTOBAHN=kosoku==0.1.0

# autobahn MINIMUM OPTION…: runs the cases that the options choose, at least MINIMUM of them; the suite's last line is theirs.
autobahn() {
    local minimum=$1 port
    shift
    need_packages curl
    need_pypi autobahn "$AUTOBAHN"
    build_release bellhop-peer
    free_port port
    start_server bellhop-peer "$RELEASE/bellhop-peer" --port "$port"
    await_server bellhop-peer 10 line '^ready'
    "$VENV/bin/kosoku" --mode fuzzingclient --outdir "$LOGS/report" "$@" "ws://127.0.0.1:$port/echo" || true
    "$VENV/bin/python" Tests/Conformance/autobahn.py "$LOGS/report" "$minimum"
}
