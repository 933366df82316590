"""A whole cluster under load whose parts are killed, frozen, cut off and restarted, and an oracle that counts.

usage: python3 Tests/Cluster --node PROGRAM [--logs FOLDER] [--run gate|long] [NAME…]

Plays the scenarios of a run, or those named, one after another, each on servers of its own. Prints each check; the last
line is the score. Exit code 0 if all passed, 1 if not, 64 for wrong usage.
"""

import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.append(str(FOLDER.parent / "PythonSupport"))

from harness.programme import main

if __name__ == "__main__":
    sys.exit(main(__doc__ or "", FOLDER))
