"""How long things took."""

import math
from collections.abc import Iterable

from .subscriber import Subscriber
from .writers import Acknowledged


def percentile(values: Iterable[float], part: float) -> float:
    """The nearest rank; infinite if there is nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else math.inf


def latencies(commands: Iterable[Acknowledged], subscribers: Iterable[Subscriber]) -> list[float]:
    """From the acknowledgement of each command to each arrival of its event, in seconds; below zero where the event was
    faster. What has not arrived yet is left out: that it does is the oracle's business."""
    ended = {one.op: one.ended for one in commands if one.attempts == 1}
    return [
        heard.at - ended[heard.op]
        for subscriber in subscribers for following in subscriber.following.values() for heard in following.heard
        if heard.op in ended]
