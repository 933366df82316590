"""Holds a document against the JSON schema of AsyncAPI 3.0.0 as its authors publish it, and each of its references.

    asyncapi_document.py FILE

PyPI has that schema in one place only: inside the authors' own viewer, which the package litestar-asyncapi carries along as a
script. It stands there as text that is parsed at run time; nothing of the script is run here.
"""

import importlib.util
import json
import pathlib
import re
import sys

import jsonschema

ROOT = "http://asyncapi.com/definitions/3.0.0/asyncapi.json"
# A literal as a minifier writes it: strings in backticks, names without quotes, !0 for true.
WORD = re.compile(r"`((?:\\.|[^`\\])*)`|([{,])([A-Za-z_$][\w$]*):|!([01])")


def published_schema() -> dict:
    package = importlib.util.find_spec("litestar_asyncapi")
    assert package is not None and package.origin is not None
    scripts = pathlib.Path(package.origin).parent.glob("assets/ui/assets/*.js")
    texts = [text for script in scripts if f"`{ROOT}`" in (text := script.read_text())]
    assert len(texts) == 1, f"{len(texts)} scripts hold the schema"
    text = texts[0][texts[0].index(f"`{ROOT}`"):]
    definitions = text.index('JSON.parse(`{"' + ROOT.rsplit("/", 1)[0])
    schema = {
        "$id": ROOT, "$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
        "required": literal(text, "=[`asyncapi`,`info`]"), "additionalProperties": False,
        "patternProperties": {r"^x-[\w\d\.\x2d_]+$": {}}, "properties": literal(text, "={asyncapi:{"),
        "definitions": json.loads(unescaped(re.compile(r"`((?:\\.|[^`\\])*)`").search(text, definitions)[1])),
    }
    assert len(schema["properties"]) >= 8 and len(schema["definitions"]) > 100, "the schema is not whole"
    return schema


def literal(text: str, beginning: str) -> object:
    """The literal that begins so, as far as its brackets reach."""
    start = text.index(beginning) + 1
    depth, at = 0, start
    while True:
        if text[at] == "`":
            at = WORD.match(text, at).end() - 1
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            return json.loads(WORD.sub(as_json, text[start:at]))


def as_json(word: re.Match) -> str:
    if word[1] is not None:
        return json.dumps(unescaped(word[1]))
    return f'{word[2]}"{word[3]}":' if word[2] else json.dumps(word[4] == "0")


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def dangling(document: dict) -> list[str]:
    """References within the document that lead nowhere."""
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, list):
            for one in value:
                walk(one)
        elif isinstance(value, dict):
            if isinstance(reference := value.get("$ref"), str) and not leads_somewhere(document, reference):
                found.append(reference)
            for one in value.values():
                walk(one)

    walk(document)
    return found


def leads_somewhere(document: dict, reference: str) -> bool:
    place: object = document
    for name in reference.removeprefix("#/").split("/"):
        if not isinstance(place, dict) or name not in place:
            return False
        place = place[name]
    return reference.startswith("#/")


def main() -> int:
    document = json.loads(pathlib.Path(sys.argv[1]).read_text())
    schema = published_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    faults = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]
    faults += [f"{reference} leads nowhere" for reference in dangling(document)]
    print("\n".join(faults[:20]) or f"{len(document['components']['messages'])} messages, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
