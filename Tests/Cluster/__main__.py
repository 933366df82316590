"""A whole cluster under load whose parts are killed, frozen, cut off and restarted, and an oracle that counts.

usage: python3 Tests/Cluster --node PROGRAM [--logs FOLDER] [--run gate|long] [NAME…]

Plays the scenarios of a run, or those named, one after another, each on servers of its own. Prints each check; the last
line is the score. Exit code 0 if all passed, 1 if not, 64 for wrong usage.
"""

import argparse
import asyncio
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).parent.parent / "PythonSupport"))

from findings import report

from harness import stage
from harness.cluster import make_template

SCENARIOS = sorted(path.stem for path in (pathlib.Path(__file__).parent / "scenarios").glob("[a-z]*.py"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="cluster", usage=(__doc__ or "").split("\n")[2].removeprefix("usage: "))
    parser.add_argument("--node", type=pathlib.Path, required=True)
    parser.add_argument("--logs", type=pathlib.Path)
    parser.add_argument("--run", choices=("gate", "long"), default="gate")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(SCENARIOS)
    if unknown:
        parser.exit(64, f"no scenario is called {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}\n")
    names = arguments.names or [name for name in SCENARIOS if getattr(stage.load(name), "RUN", "gate") == arguments.run]
    logs = (arguments.logs or pathlib.Path(tempfile.mkdtemp(prefix="bellhop-cluster-"))).resolve()
    logs.mkdir(parents=True, exist_ok=True)
    # Data of a database belongs to another user, who must come there, and a socket's path is short.
    place = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-cluster-", dir="/tmp"))
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
    """Keeps what the servers of a scenario said."""
    shutil.rmtree(target, ignore_errors=True)
    for log in source.rglob("*.log"):
        kept = target / log.relative_to(source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(log, kept)
    shutil.rmtree(source, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
