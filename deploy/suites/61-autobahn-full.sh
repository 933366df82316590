#!/usr/bin/env bash
# in: long
# proves: every Autobahn case is strictly met, permessage-deflate in all its parameters included

. "$(dirname "$0")/autobahn.sh"

autobahn 517 --parallelism 2
