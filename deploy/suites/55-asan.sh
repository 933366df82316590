#!/usr/bin/env bash
# in: long
# proves: the Swift suites under AddressSanitizer: no bad access and no leak

. "$(dirname "$0")/checks.sh"

need_libraries
need_swift
# What it reports although it is not lost, with the proofs.
export LSAN_OPTIONS=suppressions=$TOP/deploy/suites/leaks.supp
swift_tests "the Swift suites under AddressSanitizer" --sanitize=address --scratch-path .build/address
score
