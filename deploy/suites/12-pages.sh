#!/usr/bin/env bash
# in: gate
# proves: the pages' scripts hold what their comments say of types

. "$(dirname "$0")/checks.sh"

# Debian has no TypeScript that knows today's DOM; deno has one built in, and is used for nothing else.
need_pypi pages deno==2.9.8
export DENO_NO_UPDATE_CHECK=1 NO_COLOR=1 DENO_DIR=$LOGS/deno

types_hold() { # FOLDER
    local scripts
    mapfile -t scripts < <(find "$1" -name '*.js' | sort)
    ((${#scripts[@]} > 5)) || { say "there are ${#scripts[@]} scripts" && return 1; }
    "$VENV/bin/deno" check --no-remote --config Tests/Browser/deno.json "${scripts[@]}"
}

finds_a_wrong_type() {
    rm -rf "$LOGS/broken"
    cp -r Sources/Web "$LOGS/broken"
    sed -i 's/Math\.min(LONGEST_PAUSE, /Math.min("soon", /' "$LOGS/broken/client/protocol.js"
    if cmp -s {Sources/Web,"$LOGS/broken"}/client/protocol.js; then say "nothing was broken" && return 1; fi
    ! types_hold "$LOGS/broken"
}

check "every script of the pages is typed as it says" types_hold Sources/Web
check "a wrong type is found" finds_a_wrong_type
score
