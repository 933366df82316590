"""A server with 256 descriptors meets 600 clients; then one whose descriptors run out under it."""

import time

import client
from stage import Stage

SERVERS = ("peer", "node")
FILES = 256
# Newcomers are refused, and that is the point.
BYSTANDER_OPENS_NEW = False

CLIENTS = 600
ASK = client.get("/readyz")
WORST_SECONDS, MEAN_SECONDS = 1.0, 0.01


def abuse(stage: Stage) -> None:
    crowd(stage, "with 256 descriptors")
    if not stage.is_small:
        # Below what it believes to have: now `accept` itself fails.
        lowered = stage.server.level().descriptors + 60
        stage.server.limit_descriptors(lowered)
        crowd(stage, f"with {lowered} descriptors all of a sudden")
        stage.server.limit_descriptors(FILES)
        crowd(stage, "with 256 descriptors again")


def crowd(stage: Stage, when: str) -> None:
    """So many come, ask and stay; those within are answered again and again, those beyond hear 503."""
    inside: list[client.HTTPClient] = []
    turned_away, faults, slowest, waited = 0, [], 0.0, 0.0
    for number in range(CLIENTS):
        guest = client.HTTPClient(stage.port, source=f"127.0.0.{10 + number % 8}")
        began = time.monotonic()
        # Once the house is full, every other one listens before it speaks: a refusal does not wait for a request.
        asks = turned_away == 0 or number % 2 == 0
        status, ending = meet(guest, asks)
        seconds = time.monotonic() - began
        slowest = max(slowest, seconds)
        if status == 200:
            inside.append(guest)
            continue
        turned_away += 1
        waited += seconds
        if status != 503 or ending not in (("end", "reset") if asks else ("end",)):
            faults.append(f"guest {number} {'asked' if asks else 'listened'}: {status}, {ending}")
        guest.connection.close()
    stage.check(f"{when}: some are let in, others not", len(inside) >= 40 and turned_away > 0, f"{len(inside)} are in")
    stage.check(f"{when}: each one turned away hears 503 and an end", not faults, "\n".join(faults[:5]))
    stage.check(f"{when}: nobody waits long for that", slowest < WORST_SECONDS, f"{slowest * 1000:.0f} ms at worst")
    mean = waited / max(1, turned_away)
    stage.check(f"{when}: and hardly at all on average", mean < MEAN_SECONDS, f"{mean * 1000:.1f} ms")
    again = sum(is_served(guest) for guest in inside)
    stage.check(f"{when}: those within are served on", again == len(inside), f"{again} of {len(inside)}")
    for guest in inside:
        guest.connection.close()
    began = time.monotonic()
    while not stage.server.is_ready() and time.monotonic() - began < 5:
        continue
    seconds = time.monotonic() - began
    stage.check(f"{when}: when they have gone, newcomers are served", seconds < WORST_SECONDS, f"{seconds:.2f} s")


def meet(guest: client.HTTPClient, asks: bool) -> tuple[int | None, str]:
    """The status that the guest hears, and how its connection ends if it does."""
    try:
        status = guest.request(ASK) if asks else guest.answer()
    except OSError as error:
        return None, repr(error)
    if status == 200:
        return status, "stays"
    return status, client.read_to_end(guest.connection)[1]


def is_served(guest: client.HTTPClient) -> bool:
    try:
        return guest.request(ASK) == 200
    except OSError:
        return False
