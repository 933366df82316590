"""Stores, nodes and a balancer: one cluster, started and ended by a scenario."""

import asyncio
import base64
import json
import os
import pathlib
import re
import resource
from typing import NamedTuple

from processes import HOST, free_port

from . import hotel
from .http import HTTPFailure, get
from .network import Wire
from .postgres import NODE_PASSWORD, OWNER_PASSWORD, Postgres
from .process import Process
from .redis import Redis
from .waiting import eventually

DOMAIN_KEY = "cluster-key"


class App(NamedTuple):
    id: str
    key: str
    secret: str


# Somebody else's app.
EXTERNAL = App("4711", "external-key", "external-secret-external-secret")
APPS = f"bellhop:{DOMAIN_KEY}:cluster-secret-cluster-secret,{':'.join(EXTERNAL)}"
TEMPLATE = pathlib.Path(__file__).parents[3] / "deploy/haproxy/haproxy.cfg.in"

# A crash of the program, as its runtime tells it.
CRASH = re.compile(rb"fatal error|\*\*\* |crashed at|segmentation fault|illegal instruction|sanitizer", re.IGNORECASE)


class Node:
    """One node over all its lives, always at the same ports."""

    def __init__(self, name: str, program: pathlib.Path, folder: pathlib.Path, settings: dict[str, str]) -> None:
        self.name = name
        self.port, self.admin_port = free_port(), free_port()
        environment = {
            "BELLHOP_NODE_ID": name, "BELLHOP_HOST": HOST, "BELLHOP_PORT": str(self.port), "BELLHOP_ADMIN_HOST": HOST,
            "BELLHOP_ADMIN_PORT": str(self.admin_port), "BELLHOP_JWT_SECRETS": hotel.JWT_SECRETS, "BELLHOP_APPS": APPS,
            "BELLHOP_LOOPS": "1", "BELLHOP_LOG_FORMAT": "json", "BELLHOP_DRAIN_SECONDS": "5",
            **settings,
        }
        self.process = Process(name, [str(program)], folder / f"{name}.log", environment)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self, **settings: str) -> None:
        """Starts it without waiting; settings hold for this life alone."""
        usual = self.process.environment
        self.process.environment = usual | settings
        try:
            self.process.start()
        finally:
            self.process.environment = usual

    async def ready(self, seconds: float = 30) -> None:
        await eventually(self.is_ready, seconds, f"{self.name} is ready; its log ends with {self.process.tail(400)}")

    async def is_ready(self) -> bool:
        return await self._status("/readyz") == 200

    async def _status(self, path: str) -> int | None:
        try:
            return (await get(f"http://{HOST}:{self.admin_port}{path}", seconds=2)).status
        except HTTPFailure:
            return None

    async def health(self) -> dict:
        """What it tells operators of itself; nothing if it does not answer."""
        try:
            return json.loads((await get(f"http://{HOST}:{self.admin_port}/healthz", seconds=2)).body)
        except (HTTPFailure, ValueError):
            return {}

    async def word(self) -> str:
        return (await self.health()).get("status", "nothing")

    async def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        text = (await get(f"http://{HOST}:{self.admin_port}/metrics")).body.decode()
        found = re.findall(rf"^{re.escape(name)}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
        return sum(float(value) for value in found)

    def crash_lines(self) -> list[str]:
        lines = self.process.log.read_bytes().splitlines()
        return [line.decode(errors="replace")[:300] for line in lines if CRASH.search(line)]


class Cluster:
    """What one scenario plays on."""

    def __init__(
        self, program: pathlib.Path, template: pathlib.Path, folder: pathlib.Path, *, nodes: int = 3,
        has_redis: bool = True, is_durable: bool = False, wired: int | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        """`wired` is the index of the node that reaches its stores over wires that can be cut."""
        self.program = program
        self.template = template
        self.folder = folder
        self.count = nodes
        self.wired = wired
        self.has_redis = has_redis
        self.settings = settings or {}
        folder.mkdir(parents=True, exist_ok=True)
        data = folder / "postgres"
        data.mkdir()
        self.postgres = Postgres(data, folder / "postgres.log", is_durable=is_durable)
        self.redis = Redis(folder, folder / "redis.log") if has_redis else None
        self.postgres_wire = Wire(self.postgres.port)
        self.redis_wire = Wire(self.redis.port) if self.redis else None
        self.nodes: list[Node] = []
        self.port = free_port()
        self.balancer = Process("balancer", [], folder / "balancer.log")

    @property
    def url(self) -> str:
        """The balancer."""
        return f"http://{HOST}:{self.port}"

    async def start(self, tenants: list[hotel.Tenant], *, starts_redis: bool = True) -> None:
        await asyncio.to_thread(Postgres.copy, self.template, self.postgres.folder)
        await self.postgres.start()
        await hotel.open_hotels(self.postgres, tenants)
        if self.redis and starts_redis:
            await self.redis.start()
        if self.wired is not None:
            await self.postgres_wire.start()
            if self.redis_wire:
                await self.redis_wire.start()
        self.nodes = [self._node(index) for index in range(self.count)]
        for node in self.nodes:
            node.start()
        await asyncio.gather(*(node.ready() for node in self.nodes))
        await self._start_balancer()

    def _node(self, index: int) -> Node:
        is_wired = index == self.wired
        settings = {"DATABASE_URL": self.postgres.node_url(self.postgres_wire.port if is_wired else None)}
        if self.redis:
            wire = self.redis_wire.port if is_wired and self.redis_wire else None
            settings["REDIS_URLS"] = self.redis.url(wire)
            settings["BELLHOP_CLUSTER_SECRETS"] = "c1:" + base64.b64encode(bytes(32)).decode()
        return Node(f"node-{index + 1}", self.program, self.folder, settings | self.settings)

    async def _start_balancer(self) -> None:
        servers = "\n".join(
            f"    server {node.name} {HOST}:{node.port} check port {node.admin_port}" for node in self.nodes)
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        text = TEMPLATE.read_text()
        for name, value in {
            "PORT": str(self.port), "SOCKET": str(self.folder / "haproxy.sock"), "MAXCONN": str((hard - 200) // 2), "SERVERS": servers,
        }.items():
            text = text.replace(f"@{name}@", value)
        configuration = self.folder / "haproxy.cfg"
        configuration.write_text(text)
        self.balancer.command = ["haproxy", "-db", "-f", str(configuration)]
        self.balancer.start()

        async def is_up() -> bool:
            if not self.balancer.is_running:
                raise RuntimeError(f"HAProxy ended: {self.balancer.tail()}")
            try:
                return (await get(f"{self.url}/readyz", seconds=2)).status == 200
            except HTTPFailure:
                return False
        await eventually(is_up, 20, "the balancer has a node")

    async def stop(self) -> list[str]:
        """Ends everything; what was not as it should be."""
        faults = [
            f"{node.name} ended by itself with {node.process.process.returncode}"
            for node in self.nodes if node.process.process is not None and node.process.died_alone]
        running = [node for node in self.nodes if node.process.is_running]
        codes = await asyncio.gather(*(node.process.stop(30) for node in running))
        faults += [f"{node.name} ended with {code}" for node, code in zip(running, codes) if code != 0]
        for node in self.nodes:
            faults += [f"{node.name}: {line}" for line in node.crash_lines()]
        await self.balancer.stop(5)
        if self.redis:
            await self.redis.process.stop(5)
        if self.postgres.process.is_running:
            self.postgres.process.thaw()
            await self.postgres.stop()
        await self.postgres_wire.stop()
        if self.redis_wire:
            await self.redis_wire.stop()
        return faults

    async def kill(self) -> None:
        """Ends whatever is left, on the way out."""
        for process in [node.process for node in self.nodes] + [self.balancer, self.postgres.process] + (
                [self.redis.process] if self.redis else []):
            if process.is_running:
                await process.kill()


async def run_program(program: pathlib.Path, command: str, **settings: str) -> None:
    """Runs one of the program's own commands to its end."""
    process = await asyncio.create_subprocess_exec(
        str(program), command, env={"PATH": os.environ["PATH"], **settings}, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT)
    output, _ = await asyncio.wait_for(process.communicate(), 120)
    if process.returncode != 0:
        raise RuntimeError(f"bellhop {command}: {output.decode(errors='replace')[-2000:]}")


async def make_template(program: pathlib.Path, folder: pathlib.Path) -> None:
    """Makes a database server's files with a migrated database, from which each scenario takes a copy."""
    Postgres.create(folder)
    postgres = Postgres(folder, folder.parent / "template.log")
    await postgres.start()
    try:
        await postgres.run(
            f"""create role bellhop_owner login password '{OWNER_PASSWORD}';
            create role bellhop_node nologin;
            create role bellhop login password '{NODE_PASSWORD}' in role bellhop_node;
            create database bellhop owner bellhop_owner;""", database="postgres")
        await run_program(program, "migrate", BELLHOP_MIGRATE_URL=postgres.owner_url())
    finally:
        await postgres.stop()
