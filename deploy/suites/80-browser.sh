#!/usr/bin/env bash
# in: gate
# proves: the pages that nodes serve work in a real browser, for everybody, and do nothing that their policy forbids

. "$(dirname "$0")/checks.sh"

need_packages python3 haproxy redis-server postgresql-client-15 chromium fonts-dejavu-core
need_postgres
need_pypi browser playwright==1.65.2 axe-playwright-python==0.1.8 jsonschema==4.26.0
build_release bellhop
# The suite's last line is that of the scenarios.
"$VENV/bin/python" -B Tests/Browser --node "$RELEASE/bellhop" --logs "$LOGS"
