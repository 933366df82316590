"""Waiting without hoping: every wait polls for a condition and ends at a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


class TooLate(Exception):
    """What was waited for did not come."""


async def eventually(
    condition: Callable[[], bool | Awaitable[bool]], seconds: float, what: str, pause: float = 0.02
) -> float:
    """Polls until the condition holds; after how many seconds it did. Raises `TooLate` at the deadline."""
    began = time.monotonic()
    while True:
        holds = condition()
        if inspect.isawaitable(holds):
            holds = await holds
        if holds:
            return time.monotonic() - began
        if time.monotonic() - began > seconds:
            raise TooLate(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(pause)


async def holds_throughout(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Whether the condition holds all the time for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            return False
        await asyncio.sleep(pause)
    return True
