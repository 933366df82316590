"""Plays scenarios one after another, each on servers of its own, and tells what was found."""

import argparse
import asyncio
import pathlib
import random
import shutil
import tempfile
import time

from findings import report

from . import stage
from .cluster import make_template


def main(manual: str, folder: pathlib.Path) -> int:
    """Reads the command line, plays the scenarios of `folder` that it names, prints the score; the exit code."""
    scenarios = sorted(path.stem for path in (folder / "scenarios").glob("[a-z]*.py"))
    parser = argparse.ArgumentParser(prog=folder.name.lower(), usage=manual.split("\n")[2].removeprefix("usage: "))
    parser.add_argument("--node", type=pathlib.Path, required=True)
    parser.add_argument("--logs", type=pathlib.Path)
    parser.add_argument("--run", choices=("gate", "long"), default="gate")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(scenarios)
    if unknown:
        parser.exit(64, f"no scenario is called {', '.join(sorted(unknown))}; there are {', '.join(scenarios)}\n")
    names = arguments.names or [name for name in scenarios if getattr(stage.load(name), "RUN", "gate") == arguments.run]
    prefix = f"bellhop-{folder.name.lower()}-"
    logs = (arguments.logs or pathlib.Path(tempfile.mkdtemp(prefix=prefix))).resolve()
    logs.mkdir(parents=True, exist_ok=True)
    # Data of a database belongs to another user, who must come there, and a socket's path is short.
    place = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    place.chmod(0o755)
    try:
        passed, failed = run(names, arguments.node.resolve(), place, logs, arguments.seed)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


def run(
    names: list[str], program: pathlib.Path, place: pathlib.Path, logs: pathlib.Path, seed: int
) -> tuple[int, int]:
    """Plays all; how many checks passed and failed."""
    began = time.monotonic()
    print(f"the seed is {seed}", flush=True)
    template = place / "template"
    asyncio.run(make_template(program, template))
    passed = failed = 0
    for name in names:
        random.seed(f"{seed} {name}")
        folder = place / name
        findings, seconds = stage.play(name, program, template, folder)
        title = (stage.load(name).__doc__ or "").splitlines()[0]
        print(f"{name}: {title} ({seconds:.1f} s)", flush=True)
        for finding in findings:
            passed, failed = passed + finding.holds, failed + (not finding.holds)
            report(name, finding)
        keep_logs(folder, logs / name)
    print(f"{time.monotonic() - began:.0f} s in all")
    return passed, failed


def keep_logs(source: pathlib.Path, target: pathlib.Path) -> None:
    """Keeps what the servers of a scenario said, and the pictures that it took."""
    shutil.rmtree(target, ignore_errors=True)
    for kept_kind in ("*.log", "*.png"):
        for log in source.rglob(kept_kind):
            kept = target / log.relative_to(source)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(log, kept)
    shutil.rmtree(source, ignore_errors=True)
