#!/usr/bin/env bash
# in: gate
# proves: the Autobahn cases 1 to 10 are strictly met

. "$(dirname "$0")/autobahn.sh"

autobahn 300 --exclude '12.*' --exclude '13.*'
