#!/usr/bin/env bash
# in: gate
# proves: a cluster under load loses nothing, doubles nothing and mixes up nobody while its parts are killed, frozen and cut off

. "$(dirname "$0")/cluster.sh"
cluster gate
