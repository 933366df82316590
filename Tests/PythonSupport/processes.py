"""What every suite that starts servers needs: they end with it, on ports that nobody uses, and their crashes are found."""

import ctypes
import random
import re
import signal
import socket

HOST = "127.0.0.1"

# What a process, its runtime or a sanitizer writes when something broke that must not.
CRASH_WORDS = re.compile(
    rb"fatal error|crash|segmentation fault|illegal instruction|sigabrt|precondition|assertion|overflow|"
    rb"sanitizer|runtime error|out of memory|corrupt|\blevel\W{1,3}error",
    re.IGNORECASE,
)

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Has the kernel kill this process when the one that started it ends, however that ends."""
    set_parent_death_signal = 1
    _libc.prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)


def free_port() -> int:
    """A port that nobody uses, below the range of outgoing connections."""
    while True:
        port = random.randrange(12000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
                return port
            except OSError:
                continue
