"""The protocol sheet of Pusher Channels, rule by rule, over real sockets against a cluster of nodes.

usage: python3 Tests/Conformance/pusher --node PROGRAM [--logs FOLDER] [--run gate|long] [--alone] [NAME…]

Starts PostgreSQL, Redis, three nodes and a balancer, and checks every rule, or those named (by their own name or their
module's), most of them at the same time. `--run long` adds what takes minutes; `--alone` has one node without Redis.
Prints each rule; the last line is the score. Exit code 0 if all hold, 1 if not, 64 for wrong usage.
"""

import argparse
import asyncio
import contextlib
import importlib
import pathlib
import shutil
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(TESTS / "PythonSupport"), str(TESTS / "Cluster")]

from findings import Finding, report
from harness.cluster import make_template
from harness.stage import Stage

from kit import apps
from kit.hooks import Receiver
from kit.trial import RULES, Rule, World

MODULES = sorted(path.stem for path in (pathlib.Path(__file__).parent / "rules").glob("[a-z]*.py"))
# So many rules are checked at a time: enough that waiting costs nothing, few enough that the machine stays quick.
AT_ONCE = 24


def main() -> int:
    parser = argparse.ArgumentParser(prog="pusher", usage=(__doc__ or "").split("\n")[2].removeprefix("usage: "))
    parser.add_argument("--node", type=pathlib.Path, required=True)
    parser.add_argument("--logs", type=pathlib.Path)
    parser.add_argument("--run", choices=("gate", "long"), default="gate")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    for module in MODULES:
        importlib.import_module(f"rules.{module}")
    names = {rule.name for rule in RULES}
    assert len(names) == len(RULES), "two rules have the same name"
    unknown = set(arguments.names) - names - set(MODULES)
    if unknown:
        parser.exit(64, f"no rule and no subject is called {', '.join(sorted(unknown))}\n")
    chosen = [
        rule for rule in RULES
        if {rule.name, rule.check.__module__.split(".")[-1]} & set(arguments.names)
        or not arguments.names and (rule.part != "long" or arguments.run == "long")]
    logs = (arguments.logs or pathlib.Path(tempfile.mkdtemp(prefix="bellhop-pusher-"))).resolve()
    logs.mkdir(parents=True, exist_ok=True)
    # The database belongs to another user, who must come there, and a socket's path is short.
    place = pathlib.Path(tempfile.mkdtemp(prefix="bellhop-pusher-", dir="/tmp"))
    place.chmod(0o755)
    began = time.monotonic()
    try:
        findings = asyncio.run(run(chosen, arguments.node.resolve(), place, arguments.alone))
    finally:
        for log in place.rglob("*.log"):
            shutil.copy(log, logs / log.name)
        shutil.rmtree(place, ignore_errors=True)
    passed = sum(finding.holds for finding in findings)
    print(f"{time.monotonic() - began:.0f} s in all")
    print(f"{passed} passed, {len(findings) - passed} failed")
    return 0 if findings and passed == len(findings) else 1


async def run(chosen: list[Rule], program: pathlib.Path, place: pathlib.Path, is_alone: bool) -> list[Finding]:
    """Checks all on one cluster; everything that was found, which is told as soon as it is known."""
    findings: list[Finding] = []

    def tell(finding: Finding) -> None:
        findings.append(finding)
        report("pusher", finding)

    template, folder = place / "template", place / "stage"
    folder.mkdir()
    await make_template(program, template)
    hooks = await Receiver().start()
    file = place / "apps.json"
    try:
        unknown = await apps.settle(program, file, hooks.url)
        tell(Finding("every option of the apps is known to the program", not unknown, ", ".join(unknown)))
        settings = {
            "BELLHOP_APPS": apps.setting(), "BELLHOP_APPS_FILE": str(file), "BELLHOP_LOOPS": "2",
            "BELLHOP_DRAIN_SECONDS": "4",
        }
        stage = Stage(program, template, folder)
        options = {"nodes": 1, "has_redis": False} if is_alone else {}
        async with contextlib.AsyncExitStack() as stack:
            cluster = await stack.enter_async_context(stage.cluster([], settings=settings, **options))
            world = World(cluster, hooks)
            places = asyncio.Semaphore(AT_ONCE)

            async def beside(rule: Rule) -> None:
                async with places:
                    tell(await rule.outcome(world))

            # Those that wait longest begin first.
            ordered = sorted((rule for rule in chosen if rule.part != "last"), key=lambda rule: -rule.seconds)
            await asyncio.gather(*(beside(rule) for rule in ordered))
            for rule in chosen:
                if rule.part == "last":
                    tell(await rule.outcome(world))
        for finding in stage.findings:
            tell(finding)
    finally:
        await hooks.stop()
    return findings


if __name__ == "__main__":
    sys.exit(main())
