#!/usr/bin/env bash
# in: gate long
# proves: the Swift suites under AddressSanitizer: no bad access, and no leak but in the targets that are named

. "$(dirname "$0")/checks.sh"

need_libraries
need_swift
# Not clean yet, since the parts of the spine came. In RedisBridgeTests a collector and its reader held each other; that is mended and
# not seen under the sanitizer yet. Of the others the cause is not known: what is reported was made by the shapes and tables of REST, kept in globals, and by
# loops, hubs and followers whose server was stopped; a job that reaches a loop which has stopped never runs, and keeps its own.
# shellcheck disable=SC2034 # read by swift_tests
LEAKS_REPORTED_ONLY="OperationsTests RealtimeTests RedisBridgeTests SharedTests"
swift_tests "the Swift suites under AddressSanitizer" --sanitize=address --scratch-path .build/address
score
