"""Pages in a real browser, against a cluster of their own with the demo hotels.

usage: python3 Tests/Browser --node PROGRAM [--logs FOLDER] [--run gate|long] [NAME…]

Plays the scenarios of a run, or those named, one after another, each on servers of its own. Prints each check; the last
line is the score. Exit code 0 if all passed, 1 if not, 64 for wrong usage.
"""

import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
# The cluster that it plays on is that of the other tests; the scenarios are its own.
sys.path += [str(FOLDER.parent / "PythonSupport"), str(FOLDER.parent / "Cluster")]

from harness.programme import main

if __name__ == "__main__":
    sys.exit(main(__doc__ or "", FOLDER))
