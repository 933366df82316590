"""Reads the report of an Autobahn run and says which cases are not as they should be.

usage: autobahn.py FOLDER MINIMUM

FOLDER holds the report's index.json; fewer than MINIMUM cases prove nothing. Every case must be OK or INFORMATIONAL, and so
must its closing. The last line is the score.
"""

import json
import pathlib
import sys

FINE = {"OK", "INFORMATIONAL"}


def main() -> int:
    folder, minimum = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    report = json.loads((folder / "index.json").read_text())
    cases = [(name, case) for agent in report.values() for name, case in agent.items()]
    bad = 0
    for name, case in cases:
        if case["behavior"] not in FINE or case["behaviorClose"] not in FINE:
            bad += 1
            print(f"FAILED  case {name}: {case['behavior']}, closing {case['behaviorClose']}")
    if len(cases) < minimum:
        bad += 1
        print(f"FAILED  only {len(cases)} cases ran, expected at least {minimum}")
    print(f"{len(cases) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
