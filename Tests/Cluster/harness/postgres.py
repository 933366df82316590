"""A private PostgreSQL: made once, copied for each scenario, broken as the scenario likes."""

import asyncio
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess

from processes import HOST, free_port

from .process import Process

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
OWNER_PASSWORD = "owner-of-the-cluster-tests"
NODE_PASSWORD = "node-of-the-cluster-tests"
SERVER_USER = "postgres"


class Postgres:
    """One server. Its data stay when it ends; that the disk is waited for can be chosen when it starts."""

    def __init__(self, folder: pathlib.Path, log: pathlib.Path, *, is_durable: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self.is_durable = is_durable
        self.log = log
        command = [str(BIN / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
        settings = {
            "port": self.port, "listen_addresses": HOST, "max_connections": 150, "unix_socket_permissions": "0777",
            "timezone": "UTC", "log_timezone": "UTC", "fsync": "on" if is_durable else "off",
            "synchronous_commit": "on" if is_durable else "off", "full_page_writes": "on" if is_durable else "off",
            # Starting after a crash is part of what is measured: there is little to read again.
            "checkpoint_timeout": "30s",
        }
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.process = Process("postgres", command, log, user=SERVER_USER)

    @staticmethod
    def create(folder: pathlib.Path) -> None:
        """Makes the files of an empty server."""
        folder.mkdir(parents=True)
        _give_away(folder)
        arguments = [
            str(BIN / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "--auth-local=trust",
            "--auth-host=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8",
        ]
        account = pwd.getpwnam(SERVER_USER) if os.geteuid() == 0 else None
        done = subprocess.run(
            arguments, cwd=folder, capture_output=True, timeout=120, user=account.pw_uid if account else None,
            group=account.pw_gid if account else None, extra_groups=[] if account else None)
        if done.returncode != 0:
            raise RuntimeError(f"initdb: {done.stderr.decode(errors='replace')}")

    @staticmethod
    def copy(source: pathlib.Path, target: pathlib.Path) -> None:
        """Copies the files of a server that does not run, with their owners."""
        target.mkdir(parents=True, exist_ok=True)
        _give_away(target)
        done = subprocess.run(
            ["cp", "-a", str(source / "data"), str(target / "data")], capture_output=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"cp: {done.stderr.decode(errors='replace')}")

    def remove_data(self) -> None:
        shutil.rmtree(self.folder / "data")

    async def start(self) -> None:
        self.process.start()
        await self.process.answers(self._is_up, 60)

    def _is_up(self) -> bool:
        asked = subprocess.run(
            [str(BIN / "pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)], timeout=10)
        return asked.returncode == 0

    async def stop(self) -> None:
        """A fast shutdown: whoever is connected is thrown out."""
        await self.process.stop(30, signal.SIGINT)

    async def kill(self) -> None:
        """As if the machine had lost its power: the server and all its backends at once."""
        await self.process.kill()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def owner_url(self) -> str:
        return f"postgresql://bellhop_owner:{OWNER_PASSWORD}@{HOST}:{self.port}/bellhop"

    def node_url(self, port: int | None = None) -> str:
        """What a node connects to; through another port if one is given."""
        return f"postgresql://bellhop:{NODE_PASSWORD}@{HOST}:{port or self.port}/bellhop"

    async def run(self, script: str, database: str = "bellhop", user: str = "postgres") -> str:
        """Runs a script as the superuser, whom row-level security does not bind, or as another; what it prints."""
        process = await asyncio.create_subprocess_exec(
            "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-p", str(self.port),
            "-U", user, "-d", database, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            output, errors = await asyncio.wait_for(process.communicate(script.encode()), 60)
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode != 0:
            raise RuntimeError(f"psql: {errors.decode(errors='replace')[:2000]}")
        return output.decode()

    async def rows(self, query: str) -> list[dict]:
        """The rows of a query."""
        text = await self.run(f"select coalesce(json_agg(row_to_json(q)), '[]') from ({query}) as q")
        return json.loads(text)


def _give_away(folder: pathlib.Path) -> None:
    if os.geteuid() == 0:
        account = pwd.getpwnam(SERVER_USER)
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o755)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
