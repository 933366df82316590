#!/usr/bin/env bash
# in: gate long
# proves: floods, bombs, garbage and vanishing peers leave others served and the servers as they were before

. "$(dirname "$0")/checks.sh"

need_packages python3 iproute2 nftables openssl
need_postgres
build_release bellhop-peer bellhop
# Through a socket in the file system, which scenarios with a network of their own reach, too.
start_postgres postgres
prepare_database postgres
export DATABASE_URL
python3 -B Tests/Abuse --peer "$RELEASE/bellhop-peer" --node "$RELEASE/bellhop" --logs "$LOGS"
