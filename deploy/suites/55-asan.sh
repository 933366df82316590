#!/usr/bin/env bash
# in: gate long
# proves: the Swift suites under AddressSanitizer: no bad access, and no leak but in the targets that are named

. "$(dirname "$0")/checks.sh"

need_libraries
need_swift
# Not clean yet, all since the parts of the spine came: the tests of these targets leave objects behind (a hub's fixture that
# is not stopped, a reader that holds itself, tables of REST in globals that the sanitizer does not see as such).
# shellcheck disable=SC2034 # read by swift_tests
LEAKS_REPORTED_ONLY="OperationsTests RealtimeTests RedisBridgeTests SharedTests"
swift_tests "the Swift suites under AddressSanitizer" --sanitize=address --scratch-path .build/address
score
