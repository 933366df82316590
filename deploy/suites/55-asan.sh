#!/usr/bin/env bash
# in: gate long
# proves: the Swift suites under AddressSanitizer: no bad access and no leak

. "$(dirname "$0")/checks.sh"

need_libraries
need_swift
swift_tests "the Swift suites under AddressSanitizer" --sanitize=address --scratch-path .build/address
score
