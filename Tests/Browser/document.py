"""What the frames of a page are held against: the node's own AsyncAPI document."""

import json

import jsonschema
from harness.http import get
from harness.stage import Stage
from pages import TestClient


async def documented(stage: Stage, client: TestClient, base: str, seen: str) -> None:
    """Every frame is as /asyncapi.json says, and this one is among them."""
    document = (await get(f"{base}/asyncapi.json")).json()
    by_event = {message["payload"]["properties"]["event"].get("const"): [] for message in messages(document)}
    for message in messages(document):
        by_event[message["payload"]["properties"]["event"].get("const")].append(message["payload"])
    faults = [fault for frame in client.frames if (fault := why(frame, by_event.get(frame["event"], []), document))]
    names = {frame["event"] for frame in client.frames}
    stage.check("every frame is as the AsyncAPI document says", not faults and seen in names,
                faults[:3] or f"{len(client.frames)} frames of {len(names)} kinds")


def messages(document: dict) -> list[dict]:
    return list(document["components"]["messages"].values())


def why(frame: dict, payloads: list[dict], document: dict) -> str:
    """Why the frame is none of these; nothing if it is one."""
    reason = f"{frame['event']} is not documented"
    for payload in payloads:
        whole = payload | {"components": document["components"]}
        data = payload["properties"]["data"]
        try:
            jsonschema.validate(frame, whole)
            if "contentSchema" in data:
                jsonschema.validate(json.loads(frame["data"]), data["contentSchema"] | {"components": document["components"]})
            return ""
        except jsonschema.ValidationError as error:
            reason = f"{frame['event']}: {error.json_path}: {error.message[:200]}"
    return reason
