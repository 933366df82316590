"""Abuse over real sockets against the real executables.

usage: python3 Tests/Abuse [--peer PROGRAM] [--node PROGRAM] [--logs FOLDER] [NAME…]

Plays every scenario (or those named) against each given server that it is for: `bellhop-peer` or `bellhop`. Scenarios
that mostly wait for deadlines play beside the others, the others one after another. Prints each check; the last line is
the score. Exit code 0 if all passed, 1 if not, 64 for wrong usage.
"""

import argparse
import itertools
import multiprocessing
import pathlib
import sys
import tempfile
import time
from multiprocessing.connection import Connection

sys.path.append(str(pathlib.Path(__file__).parent.parent / "PythonSupport"))

import server
import stage
from findings import Finding, report
from processes import die_with_parent

SCENARIOS = sorted(path.stem for path in (pathlib.Path(__file__).parent / "scenarios").glob("[a-z]*.py"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="abuse", usage=__doc__.split("\n")[2].removeprefix("usage: "))
    parser.add_argument("--peer", type=pathlib.Path)
    parser.add_argument("--node", type=pathlib.Path)
    parser.add_argument("--logs", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(SCENARIOS)
    if unknown:
        parser.exit(64, f"no scenario is called {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}\n")
    programs = {kind: path.resolve() for kind, name in server.PROGRAMS.items() if (path := getattr(arguments, name))}
    if not programs:
        parser.exit(64, "give --peer PROGRAM or --node PROGRAM\n")
    logs = arguments.logs or pathlib.Path(tempfile.mkdtemp(prefix="abuse-"))
    logs.mkdir(parents=True, exist_ok=True)
    plays = [
        (name, kind) for name in arguments.names or SCENARIOS for kind in stage.load(name).SERVERS if kind in programs]
    passed, failed = run(plays, programs, logs)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


def run(plays: list[tuple[str, str]], programs: dict[str, pathlib.Path], logs: pathlib.Path) -> tuple[int, int]:
    """Plays all; how many checks passed and failed."""
    began = time.monotonic()
    beside = [Play(*play, programs[play[1]], logs) for play in plays if waits(play)]
    passed = failed = 0
    for play in itertools.chain((Play(*play, programs[play[1]], logs) for play in plays if not waits(play)), beside):
        findings, seconds = play.result()
        title = (stage.load(play.name).__doc__ or "").splitlines()[0]
        print(f"{play.name} against {play.kind}: {title} ({seconds:.1f} s)")
        for finding in findings:
            passed, failed = passed + finding.holds, failed + (not finding.holds)
            report(f"{play.name}, {play.kind}", finding)
    print(f"{time.monotonic() - began:.0f} s in all")
    return passed, failed


def waits(play: tuple[str, str]) -> bool:
    return getattr(stage.load(play[0]), "WAITS", False)


class Play:
    """One scenario in a process of its own: with its own memory, descriptors and, if it wants one, network."""

    FORK = multiprocessing.get_context("fork")

    def __init__(self, name: str, kind: str, program: pathlib.Path, logs: pathlib.Path) -> None:
        self.name, self.kind = name, kind
        self.began = time.monotonic()
        self.pipe, other = self.FORK.Pipe(duplex=False)
        # Not a daemon: it has children of its own.
        self.process = self.FORK.Process(target=self._play, args=(other, name, kind, program, logs))
        self.process.start()
        other.close()

    def result(self) -> tuple[list[Finding], float]:
        """Waits for it; what it found, and how many seconds it took."""
        try:
            findings, ended = self.pipe.recv()
        except EOFError:
            findings, ended = [Finding("the scenario plays to its end", False, "its process died")], self.began
        self.process.join()
        return findings, ended - self.began

    @staticmethod
    def _play(pipe: Connection, *arguments) -> None:
        die_with_parent()
        findings = stage.play(*arguments)
        pipe.send((findings, time.monotonic()))


if __name__ == "__main__":
    sys.exit(main())
