"""The apps that the rules are checked with, each with other switches."""

import json
import pathlib
import re

from harness import hotel
from harness.cluster import DOMAIN_KEY, App, run_program

# The app of the sheet's vectors has what most rules need, its limits are the defaults; its neighbours have one thing more, or
# less.
MAIN = App("4711", "rt-key-1", "rt-secret-1")
PLAIN = App("4712", "plain-key", "plain-secret-plain-secret")
ORIGINS = App("4713", "origins-key", "origins-secret-origins-secret")
DISABLED = App("4714", "disabled-key", "disabled-secret-disabled-secret")
CROWDED = App("4715", "crowded-key", "crowded-secret-crowded-secret")
STRICT = App("4716", "strict-key", "strict-secret-strict-secret")
COUNTED = App("4717", "counted-key", "counted-secret-counted-secret")
HOOKED = App("4718", "hooked-key", "hooked-secret-hooked-secret")
BATCHED = App("4719", "batched-key", "batched-secret-batched-secret")
CHOOSY = App("4720", "choosy-key", "choosy-secret-choosy-secret")
FLAKY = App("4721", "flaky-key", "flaky-secret-flaky-secret")
ALL = [MAIN, PLAIN, ORIGINS, DISABLED, CROWDED, STRICT, COUNTED, HOOKED, BATCHED, CHOOSY, FLAKY]

ORIGIN = "https://app.example"
LONG_NAME = 200
CROWD = 2
AUTHORIZED_SECONDS = 2

HOOKS = [
    "channel_occupied", "channel_vacated", "member_added", "member_removed", "cache_miss", "client_event",
    "subscription_count",
]


def options(hooks: str) -> dict[str, dict]:
    """What is set for each app; `hooks` is where webhooks go. Of PLAIN nothing is: everything is as the sheet has it."""
    def told(app: App, events: list[str], batching: bool = False) -> dict:
        return {"url": f"{hooks}/{app.id}", "events": events, "batching": batching}

    return {
        MAIN.id: {"enabled": True, "client_events": True, "watchlist": True},
        ORIGINS.id: {"origins": [ORIGIN], "channel_name_length": LONG_NAME},
        DISABLED.id: {"enabled": False},
        CROWDED.id: {"max_connections": CROWD},
        STRICT.id: {"authorized_seconds": AUTHORIZED_SECONDS},
        COUNTED.id: {"subscription_counts": True, "webhooks": told(COUNTED, ["subscription_count"])},
        HOOKED.id: {
            "client_events": True, "client_events_per_second": 10, "presence_members": 100,
            "presence_grace_seconds": 0,
            "webhooks": told(HOOKED, HOOKS)},
        BATCHED.id: {"webhooks": told(BATCHED, HOOKS, batching=True)},
        CHOOSY.id: {"webhooks": told(CHOOSY, ["channel_vacated", "cache_miss"])},
        FLAKY.id: {"webhooks": told(FLAKY, ["channel_occupied"])},
    }


def setting() -> str:
    """BELLHOP_APPS: the hotel's own app first."""
    return ",".join([f"bellhop:{DOMAIN_KEY}:cluster-secret-cluster-secret", *(":".join(app) for app in ALL)])


async def settle(program: pathlib.Path, file: pathlib.Path, hooks: str) -> list[str]:
    """Writes the options file; which options the program does not know and were left out."""
    chosen, unknown = options(hooks), []
    names = sorted({name for one in chosen.values() for name in one})
    while True:
        file.write_text(json.dumps(chosen))
        try:
            await run_program(
                program, "check-config", BELLHOP_APPS=setting(), BELLHOP_APPS_FILE=str(file),
                BELLHOP_JWT_SECRETS=hotel.JWT_SECRETS, DATABASE_URL="postgresql://nobody@127.0.0.1/nothing")
            return unknown
        except RuntimeError as refusal:
            blamed = [
                name for name in names if name not in unknown and re.search(rf"\b{name}\b", str(refusal))]
            if not blamed:
                raise
            unknown += blamed
            chosen = {
                app: {name: value for name, value in one.items() if name not in unknown}
                for app, one in chosen.items()}
