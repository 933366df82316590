"""What a suite found, and how it is told: the form that deploy/test counts."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    sentence: str
    holds: bool
    detail: str = ""


def report(where: str, finding: Finding) -> None:
    """Prints one finding."""
    if finding.holds:
        print(f"ok      {finding.sentence}{f': {finding.detail}' if finding.detail else ''}", flush=True)
    else:
        print(f"FAILED  {where}: {finding.sentence}", flush=True)
        for line in finding.detail.splitlines():
            print(f"        {line}", flush=True)
