#!/usr/bin/env bash
# in: long
# proves: the Swift suites under ThreadSanitizer: no data race

. "$(dirname "$0")/checks.sh"

need_libraries
need_swift
swift_tests "the Swift suites under ThreadSanitizer" --sanitize=thread --scratch-path .build/thread
score
