#!/usr/bin/env bash
# in: gate long
# proves: floods, bombs, garbage and vanishing peers leave others served and the servers as they were before

. "$(dirname "$0")/checks.sh"

need_packages python3 iproute2 nftables
build_release bellhop-peer bellhop
python3 -B Tests/Abuse --peer "$RELEASE/bellhop-peer" --node "$RELEASE/bellhop" --logs "$LOGS"
