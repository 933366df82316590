"""Records what a node sends for a command, byte for byte, so that a floor can send the same.

    python record.py --node BINARY --tenants NAME,NAME --output FILE …      with the node's settings in the environment

Starts one node whose connections to PostgreSQL and Redis go through relays, has it change a room of each property of the demo
four times, and writes for each of two changes that undo each other: the statements of both round trips, their parameters, and
the message to Redis. What differs between two recordings of the same change are new ids; where these and the room's id stand
is noted, so that the floor puts its own there. All else stays as recorded: the floor writes rows of the same length.

The file is little-endian: u32 count, then so many of what is named; a text is u32 length and bytes.
    statements   text SQL, oids (u32 each)
    templates    one for each property:
      token      text: an access token of its tenant
      screen     text: the property's channel, to which its screens listen
      rooms      16 bytes each
      2 changes  text body of the request, u32 number of new ids, 2 trips (lists of steps), text channel, text message, patches
        step     u32 statement, u32 parameters: i32 length (-1: NULL), u32 format, bytes
        patch    u32 trip (2: the message), u32 step, u32 parameter, u32 offset, u32 is text, u32 which id (0: the room)
"""

import argparse
import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field

UUID_TEXT = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CHANGES = [b'{"hk_status":"dirty"}', b'{"hk_status":"clean"}']


class Relay:
    """Takes connections, passes everything on, and hands what the client says to an ear of each connection's own."""

    def __init__(self, target, make_ear):
        self.target, self.make_ear = target, make_ear
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(self.target)
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.pump, args=(client, server, self.make_ear()), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, lambda _: None), daemon=True).start()

    @staticmethod
    def pump(source, sink, ear):
        try:
            while chunk := source.recv(1 << 16):
                ear(chunk)
                sink.sendall(chunk)
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@dataclass
class Step:
    sql: str
    oids: tuple
    values: list
    formats: list


class PostgresEar:
    """Splits what a client says to PostgreSQL (protocol 3.0) into round trips: what stands between two Syncs."""

    def __init__(self, trips):
        self.trips, self.buffer, self.started = trips, b"", False
        self.statements, self.steps = {}, []

    def __call__(self, chunk):
        self.buffer += chunk
        while self.take():
            pass

    def take(self):
        if not self.started:  # no type byte yet; requests for encryption come before the real start
            if len(self.buffer) < 8:
                return False
            length, code = struct.unpack_from(">II", self.buffer)
            if len(self.buffer) < length:
                return False
            self.buffer, self.started = self.buffer[length:], code == 196608
            return True
        if len(self.buffer) < 5:
            return False
        kind, length = chr(self.buffer[0]), struct.unpack_from(">I", self.buffer, 1)[0]
        if len(self.buffer) < 1 + length:
            return False
        body, self.buffer = self.buffer[5 : 1 + length], self.buffer[1 + length :]
        if kind == "P":
            name, sql, rest = body.split(b"\0", 2)
            (count,) = struct.unpack_from(">H", rest)
            self.statements[name] = (sql.decode(), struct.unpack_from(f">{count}I", rest, 2))
        elif kind == "B":
            self.steps.append(self.bound(body))
        elif kind == "S":
            self.trips.append((id(self), self.steps))
            self.steps = []
        return True

    def bound(self, body):
        _, name, rest = body.split(b"\0", 2)
        sql, oids = self.statements[name]
        (count,) = struct.unpack_from(">H", rest)
        formats = list(struct.unpack_from(f">{count}H", rest, 2))
        at = 2 + 2 * count
        (parameters,) = struct.unpack_from(">H", rest, at)
        at += 2
        values = []
        for _ in range(parameters):
            (length,) = struct.unpack_from(">i", rest, at)
            at += 4
            values.append(None if length < 0 else rest[at : at + length])
            at += max(length, 0)
        if count == 0:
            formats = [0] * parameters
        elif count == 1:
            formats *= parameters
        return Step(sql, oids, values, formats)


class RedisEar:
    """Collects the messages that a client publishes."""

    def __init__(self, messages):
        self.messages, self.buffer = messages, b""

    def __call__(self, chunk):
        self.buffer += chunk
        while self.take():
            pass

    def take(self):
        head = re.match(rb"\*(\d+)\r\n", self.buffer)
        if not head:
            return False
        at, words = head.end(), []
        for _ in range(int(head[1])):
            size = re.compile(rb"\$(\d+)\r\n").match(self.buffer, at)
            if not size or len(self.buffer) < size.end() + int(size[1]) + 2:
                return False
            words.append(self.buffer[size.end() : size.end() + int(size[1])])
            at = size.end() + int(size[1]) + 2
        self.buffer = self.buffer[at:]
        if words[0].upper() == b"PUBLISH":
            self.messages.append((words[1], words[2]))
        return True


@dataclass
class Recording:
    """What one command made the node send."""

    trips: list
    channel: bytes
    message: bytes
    version: int

    def values(self):
        """(trip, step, parameter, bytes); the message is trip 2."""
        for trip, steps in enumerate(self.trips):
            for number, step in enumerate(steps):
                for parameter, value in enumerate(step.values):
                    if value is not None:
                        yield trip, number, parameter, value
        yield 2, 0, 0, self.message

    def ids(self):
        return {found for *_, value in self.values() for found in UUID_TEXT.findall(value)}


@dataclass
class Node:
    url: str
    trips: list = field(default_factory=list)
    messages: list = field(default_factory=list)

    def sign_in(self, body):
        """Hashing a password takes long on a busy machine; the node gives up then, and may be asked again."""
        for _ in range(4):
            answer = self.ask("POST", "/v1/auth/login", body, gives_up=(503, 504))
            if answer:
                return answer
        sys.exit("the node signs nobody in")

    def ask(self, method, path, body=None, token=None, headers=(), gives_up=()):
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=dict(headers))
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            if refusal.code in gives_up:
                return None
            sys.exit(f"{method} {path} was answered {refusal.code}: {refusal.read()[:400]!r}")

    def change(self, room, body, token):
        """Has the node change a room; what it sent for it."""
        key = uuid.uuid4()
        self.trips.clear()
        self.messages.clear()
        answer = self.ask("PATCH", f"/v1/rooms/{room}", body, token, {"Idempotency-Key": str(key)}.items())
        deadline = time.monotonic() + 10
        while not any(name.endswith(b":events") for name, _ in list(self.messages)):
            if not answer.get("seq") or time.monotonic() > deadline:
                sys.exit("the node published nothing")
            time.sleep(0.01)
        first = [ear for ear, steps in self.trips if any(key.bytes in step.values for step in steps)]
        trips = [steps for ear, steps in self.trips if first and ear == first[0]]
        begin = [i for i, steps in enumerate(trips) if any(key.bytes in step.values for step in steps)]
        if len(trips) < begin[0] + 2 or trips[begin[0] + 1][-1].sql != "COMMIT":
            sys.exit("a command does not take two round trips any more: the floor must learn that")
        channel, message = next(pair for pair in self.messages if pair[0].endswith(b":events"))
        return Recording(trips[begin[0] : begin[0] + 2], channel, message, answer["room"]["version"])


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack("<I", len(value)) + value


def patches(recording, again, room):
    """Where the room's id and new ids stand, and how many there are."""
    fresh = sorted(recording.ids() - again.ids())
    known = {uuid.UUID(room).bytes: 0} | {uuid.UUID(name.decode()).bytes: 1 + i for i, name in enumerate(fresh)}
    found = []
    for trip, step, parameter, value in recording.values():
        for raw, which in known.items():
            for needle, is_text in ((raw, 0), (str(uuid.UUID(bytes=raw)).encode(), 1)):
                at = value.find(needle)
                while at >= 0:
                    found.append((trip, step, parameter, at, is_text, which))
                    at = value.find(needle, at + 1)
    return len(fresh), found


class Output:
    def __init__(self):
        self.statements, self.templates = {}, []

    def step(self, step):
        number = self.statements.setdefault((step.sql, step.oids), len(self.statements))
        packed = struct.pack("<II", number, len(step.values))
        for value, kind in zip(step.values, step.formats):
            packed += struct.pack("<iI", -1 if value is None else len(value), kind) + (value or b"")
        return packed

    def change(self, body, recording, again, room):
        fresh, found = patches(recording, again, room)
        packed = text(body) + struct.pack("<I", fresh)
        for steps in recording.trips:
            packed += struct.pack("<I", len(steps)) + b"".join(self.step(step) for step in steps)
        packed += text(recording.channel) + text(recording.message)
        return packed + struct.pack("<I", len(found)) + b"".join(struct.pack("<6I", *patch) for patch in found)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(struct.pack("<I", len(self.statements)))
            for sql, oids in self.statements:
                file.write(text(sql) + struct.pack(f"<I{len(oids)}I", len(oids), *oids))
            file.write(struct.pack("<I", len(self.templates)) + b"".join(self.templates))


def rooms_of(node, token):
    """The rooms of each property, in the order of the list."""
    properties, after = {}, ""
    while after is not None:
        page = node.ask("GET", "/v1/rooms?limit=100" + (f"&after={after}" if after else ""), token=token)
        for room in page["items"]:
            properties.setdefault(room["property_id"], []).append(room["id"])
        after = page["next"]
    return properties


def record(node, password, tenants, most_rooms):
    output = Output()
    for tenant in tenants:
        login = {"email": f"housekeeping_supervisor@{tenant}.example", "password": password, "client": "native"}
        answer = node.sign_in(json.dumps(login).encode())
        token, prefix = answer["access_token"], f"private-tenant.{answer['user']['tenant_id']}.property."
        for property_id, rooms in rooms_of(node, token).items():
            room = rooms[0]
            for _ in range(4):  # until every statement is prepared and every row is as it will be
                for body in CHANGES:
                    node.change(room, body, token)
            # A change that changed nothing would be cheaper than those that are measured.
            taken = [[node.change(room, body, token) for body in CHANGES] for _ in range(2)]
            versions = [recording.version for pair in taken for recording in pair]
            if versions != list(range(versions[0], versions[0] + len(versions))):
                sys.exit(f"a recorded command changed nothing: the room's versions are {versions}")
            rooms = rooms[:most_rooms]
            packed = text(token) + text(prefix + property_id) + struct.pack("<I", len(rooms))
            packed += b"".join(uuid.UUID(one).bytes for one in rooms)
            for index, body in enumerate(CHANGES):
                packed += output.change(body, taken[0][index], taken[1][index], room)
            output.templates.append(packed)
    return output


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--node", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--postgres-port", type=int, required=True)
    parser.add_argument("--redis-port", type=int, required=True)
    parser.add_argument("--tenants", required=True, help="the domains of their users, without .example, with commas between")
    parser.add_argument("--rooms", type=int, default=1000)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    node = Node(f"http://127.0.0.1:{options.port}")
    postgres = Relay(("127.0.0.1", options.postgres_port), lambda: PostgresEar(node.trips))
    redis = Relay(("127.0.0.1", options.redis_port), lambda: RedisEar(node.messages))
    environment = dict(os.environ)
    password = environment.pop("BELLHOP_DEMO_PASSWORD")
    environment["DATABASE_URL"] = environment["DATABASE_URL"].replace(f":{options.postgres_port}/", f":{postgres.port}/")
    environment["REDIS_URLS"] = f"redis://127.0.0.1:{redis.port}"
    # One session: after a few commands every statement is prepared in it.
    environment |= {"BELLHOP_HOST": "127.0.0.1", "BELLHOP_PORT": str(options.port), "BELLHOP_DB_POOL": "1"}
    process = subprocess.Popen([options.node], env=environment)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"{node.url}/readyz", timeout=2):
                    break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    sys.exit("the node to be recorded did not get ready")
                time.sleep(0.05)
        output = record(node, password, options.tenants.split(","), options.rooms)
    finally:
        process.kill()
        process.wait()
    output.write(options.output)


main()
