#!/usr/bin/env bash
# in: long
# proves: the same with more of everything: thousands of sockets, tens of thousands of commands

. "$(dirname "$0")/cluster.sh"
cluster long
