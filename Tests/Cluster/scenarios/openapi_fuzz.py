"""Requests made up from /openapi.json, as it allows them and as it does not: no 5xx, no answer that it does not describe."""

import asyncio
import pathlib
import random
import re
import sys

from harness import hotel
from harness.stage import Stage

SECONDS = 420
# For each operation, beside what the description itself suggests.
EXAMPLES = 10
PATIENCE = 200
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "allow_header_conformance", "negative_data_rejection",
)

# 405 is for methods that a server knows (RFC 9110 15.5.6): what is only a draft, such as QUERY, is answered with 501.
SETTINGS = """
[phases.coverage]
unexpected-methods = ["get", "put", "post", "delete", "patch", "options", "trace"]
"""


async def play(stage: Stage) -> None:
    hotels = hotel.made(1, 4)
    async with stage.cluster(hotels, nodes=1, has_redis=False, settings={"BELLHOP_LOG": "notice"}) as cluster:
        manager, agent = hotels[0].manager, hotels[0].agent
        # Who logs out has nothing more to say: that call is tried with another session.
        await fuzz(stage, "as a manager", cluster.nodes[0].url, manager.token(), 100, "--exclude-operation-id", "logout")
        await fuzz(stage, "logging out", cluster.nodes[0].url, agent.token(), 5, "--include-operation-id", "logout")
        word = await cluster.nodes[0].word()
        stage.check("the node is well after it", word == "ok", word)


async def fuzz(stage: Stage, what: str, url: str, token: str, least: int, *options: str) -> None:
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    folder = stage.folder / what.replace(" ", "-")
    folder.mkdir()
    settings = folder / "schemathesis.toml"
    settings.write_text(SETTINGS)
    # A secret on a command line is for this machine alone, and dies with the test.
    process = await asyncio.create_subprocess_exec(
        str(program), "--config-file", str(settings), "run", f"{url}/openapi.json",
        "--header", f"Authorization: Bearer {token}", "--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--workers", "1",
        "--seed", str(random.randrange(1 << 31)), "--no-color", "--continue-on-failure", "--warnings", "off", *options,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder)
    try:
        output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace")
    (stage.folder / f"{folder.name}.log").write_text(text)
    made = re.search(r"([\d,]+) generated", text)
    count = int(made.group(1).replace(",", "")) if made else 0
    stage.check(f"schemathesis finds nothing wrong {what}", process.returncode == 0 and count >= least,
                text[-6000:] if process.returncode or count < least else f"{count} requests")
