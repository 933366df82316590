#!/usr/bin/env bash
# in: gate
# proves: our AsyncAPI document follows the schema that the specification's authors publish, and a broken one does not

. "$(dirname "$0")/checks.sh"

need_libraries
need_swift
# litestar-asyncapi brings the published JSON schema of AsyncAPI, inside the viewer of its authors: PyPI has it nowhere else.
need_pypi asyncapi litestar-asyncapi==0.2.0 jsonschema==4.26.0

DOCUMENT=$LOGS/asyncapi.json

write_document() {
    rm -f "$DOCUMENT"
    TEST_ASYNCAPI_FILE=$DOCUMENT swift test --disable-xctest --filter OperationsTests.AsyncAPITests
    [[ -s $DOCUMENT ]]
}

is_valid() { "$VENV/bin/python" -B Tests/Conformance/asyncapi_document.py "$1"; }

refuses() { # WHAT-IS-REPLACED BY
    sed "s/$1/$2/" "$DOCUMENT" >"$LOGS/broken.json"
    if cmp -s "$DOCUMENT" "$LOGS/broken.json"; then say "nothing was broken" && return 1; fi
    if is_valid "$LOGS/broken.json"; then return 1; fi
}

check "the document is written" write_document
check "the document is AsyncAPI 3.0" is_valid "$DOCUMENT"
check "an operation that neither sends nor receives is refused" refuses '"action":"send"' '"action":"tell"'
check "a server without a protocol is refused" refuses '"protocol":"wss"' '"protocol_":"wss"'
check "a reference that leads nowhere is refused" refuses '#\/components\/messages\/room.ready"' '#\/components\/messages\/room.rady"'
check "a schema that is none is refused" refuses '"type":"integer"' '"type":"whole"'
score
