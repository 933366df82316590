"""300 peers whose network is cut: no end, no reset, not another packet; to some of them bytes are on their way."""

import ctypes
import os
import pathlib
import subprocess
import time

import client
from server import until
from stage import Stage
from swarm import Swarm

SERVERS = ("peer",)
WAITS = True

# The peers that will vanish live at this address, everyone else elsewhere.
CUT_ADDRESS = "127.0.0.66"
# Quiet until asked, then time to answer; or bytes that nobody acknowledges.
PING_SECONDS, PONG_SECONDS, UNACKNOWLEDGED_SECONDS, LATE_SECONDS = 30, 20, 30, 8

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000


def prepare() -> None:
    """Moves this process, and so its server, into a network of its own, where links can be cut without harm."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(NEW_NETWORK if user == 0 else NEW_USER | NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace is needed")
    if user != 0:
        own = pathlib.Path("/proc/self")
        (own / "setgroups").write_text("deny")
        (own / "uid_map").write_text(f"0 {user} 1")
        (own / "gid_map").write_text(f"0 {group} 1")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def abuse(stage: Stage) -> None:
    with Swarm(stage.port) as idle, Swarm(stage.port) as listening, Swarm(stage.port) as asking:
        count = stage.scaled(100, 10)
        for swarm, path in ((idle, "/echo"), (listening, "/fanout")):
            for _ in range(count):
                swarm.adopt(client.WebSocket(stage.port, path, source=CUT_ADDRESS).connection)
        for _ in range(count):
            guest = client.HTTPClient(stage.port, source=CUT_ADDRESS)
            guest.request(client.get("/readyz"))
            asking.adopt(guest.connection)
        if stage.is_small:
            return
        cut()
        full = stage.server.level().descriptors
        began = time.monotonic()
        with client.HTTPClient(stage.port) as speaker:
            for _ in range(3):
                speaker.request(client.post("/fanout", b"is anybody there? " * 1000))
        try:
            freed(stage, "listeners who acknowledge nothing", full - count, began, UNACKNOWLEDGED_SECONDS)
            freed(stage, "silent sockets", full - 2 * count, began, PING_SECONDS + PONG_SECONDS)
            freed(stage, "silent requesters", full - 3 * count, began, 75)
        finally:
            mend()


def freed(stage: Stage, who: str, level: int, began: float, seconds: int) -> None:
    """Whether the server has let go of them so many seconds after the cut."""
    left = began + seconds + LATE_SECONDS - time.monotonic()
    # The bystander's passing connection may be open at the moment of a look.
    gone = until(lambda: stage.server.level().descriptors <= level + 1, left, 0.1)
    lived = time.monotonic() - began
    stage.check(f"{who} are let go within {seconds} s of the cut", gone, f"{lived:.1f} s")


def cut() -> None:
    rules = f"""
        table ip cut {{
            chain in {{
                type filter hook input priority 0
                ip saddr {CUT_ADDRESS} drop
                ip daddr {CUT_ADDRESS} drop
            }}
        }}
    """
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


def mend() -> None:
    subprocess.run(["nft", "delete", "table", "ip", "cut"], check=True)
