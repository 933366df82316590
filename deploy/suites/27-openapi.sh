#!/usr/bin/env bash
# in: gate
# proves: an independent validator takes our OpenAPI documents, and refuses a broken one

. "$(dirname "$0")/checks.sh"

need_libraries
need_swift
need_pypi openapi openapi-spec-validator==0.9.0

DOCUMENT=$LOGS/openapi.json

write_document() {
    rm -f "$DOCUMENT"
    # The tests' own table has every kind of parameter, body and answer that the generator knows.
    TEST_OPENAPI_FILE=$DOCUMENT swift test --disable-xctest --filter OperationsTests.OpenAPITests
    [[ -s $DOCUMENT ]]
}

is_valid() { "$VENV/bin/python" -m openapi_spec_validator --schema 3.1 "$1"; }

refuses_broken() { # the same document with a method that has no answers
    sed 's/"responses":{"2/"responses_":{"2/' "$DOCUMENT" >"$LOGS/broken.json"
    if cmp -s "$DOCUMENT" "$LOGS/broken.json"; then say "nothing was broken" && return 1; fi
    if is_valid "$LOGS/broken.json"; then return 1; fi
}

check "the document is written" write_document
check "the document is OpenAPI 3.1" is_valid "$DOCUMENT"
check "the validator refuses a broken document" refuses_broken
score
