#!/usr/bin/env bash
# in: gate
# proves: the Swift suites pass, and each target imports only what Package.swift lists

. "$(dirname "$0")/checks.sh"

need_libraries
need_swift
swift_tests "the Swift suites"
score
