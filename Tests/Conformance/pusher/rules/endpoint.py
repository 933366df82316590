"""Section 1: the WebSocket endpoint and its first message."""

import json

import frames
from kit.apps import CROWD, CROWDED, DISABLED, MAIN, ORIGIN, ORIGINS, PLAIN
from kit.socket import SOCKET_ID, USUAL, Socket, holds, same
from kit.trial import Trial, rule
from harness.cluster import App
from harness.http import get


async def refused_with(socket: Socket, code: int) -> None:
    """The refusal both ways: an error event instead of the greeting, then a close frame with the same code."""
    error = await socket.next("pusher:error")
    holds(isinstance(error.data, dict), f"data is not an object: {error.text}")
    same(error.data.get("code"), code, "the event's code")
    holds(isinstance(error.data.get("message"), str), f"no message: {error.text}")
    same(await socket.ended(), code, "the close frame's code")
    same(len(socket.messages), 1, "messages before the close")


@rule("1", "GET /app/{key} with the usual query is upgraded, and no subprotocol is selected")
async def upgrade(t: Trial) -> None:
    for node in (*range(t.count), -1):
        socket = await t.open(node)
        holds(socket.answer.startswith("HTTP/1.1 101 "), socket.answer)
        holds("sec-websocket-protocol" not in socket.answer.lower(), socket.answer)


@rule("1", "the first message is connection_established, at once: its data is a string with socket_id and activity_timeout")
async def established_first(t: Trial) -> None:
    socket = await t.connect()
    first = await socket.next("pusher:connection_established")
    data = first.json()
    same(sorted(data), ["activity_timeout", "socket_id"])
    holds(SOCKET_ID.fullmatch(data["socket_id"]), data)
    holds(isinstance(data["activity_timeout"], int) and data["activity_timeout"] > 0, data)
    same(sorted(first.fields), ["data", "event"], "a greeting without a channel")


@rule("1", "protocol 5, 6 and 7 are accepted alike")
async def protocols_accepted(t: Trial) -> None:
    for protocol in ("5", "6", "7"):
        socket = await t.open(query=USUAL | {"protocol": protocol})
        await socket.subscribe(t.room())


@rule("1", "without protocol: 4008, as an event and as the close code")
async def protocol_absent(t: Trial) -> None:
    for query in ("", "client=js&version=8.6.0"):
        await refused_with(await t.connect(query=query), 4008)


@rule("1", "a protocol that is not a supported number: 4007")
async def protocol_unsupported(t: Trial) -> None:
    for protocol in ("3", "8", "77", "0", "-7", "abc", "7.5", "99999999999999999999999"):
        await refused_with(await t.connect(query=USUAL | {"protocol": protocol}), 4007)


@rule("1", "any version is accepted, and none")
async def version_lenient(t: Trial) -> None:
    for version in ("nightly build", "", "1.2.3-beta+4", "é", "x" * 200):
        await t.open(query=USUAL | {"version": version})
    await t.open(query="protocol=7")


@rule("1", "client and flash are informational, unknown query keys are ignored")
async def unknown_query(t: Trial) -> None:
    await t.open(query="protocol=7&client=anything%20at%20all&flash=true&x=1&y&=z&&socket_id=1.1")


@rule("1", "all messages of the server are text frames that hold one JSON object each")
async def text_frames(t: Trial) -> None:
    channel = t.room()
    socket = await t.open()
    await socket.subscribe(channel)
    await t.mark(channel, [socket])
    same({frame.opcode for frame in socket.frames}, {frames.TEXT})


@rule("1", "a binary frame is ignored or closes with 1003")
async def binary_frame(t: Trial) -> None:
    socket = await t.open()
    socket.send_bytes(frames.frame(frames.BINARY, b'{"event":"pusher:ping","data":{}}'))
    # A server that ignores it answers the ping behind it and that alone.
    socket.send("pusher:ping", {})
    await socket.wait(lambda: socket.position < len(socket.messages) or socket.close_code, "a pong or a close")
    if socket.close_code is None:
        await socket.next("pusher:pong")
        same(await socket.fence(), [], "messages for a binary frame")
    else:
        same(await socket.ended(), 1003)


@rule("1", "an app's allow list of origins: one that is on it is let in, another gets 4009")
async def origins(t: Trial) -> None:
    await t.open(app=ORIGINS, fields={"Origin": ORIGIN})
    for origin in ("https://evil.example", "http://app.example", f"{ORIGIN}.evil.example", f"{ORIGIN}:8443", "null"):
        await refused_with(await t.connect(app=ORIGINS, fields={"Origin": origin}), 4009)


@rule("1", "without an allow list every origin is let in")
async def any_origin(t: Trial) -> None:
    await t.open(app=PLAIN, fields={"Origin": "https://anywhere.example"})


@rule("1, 8", "an unknown key is upgraded, then told 4001 as the first message, then closed with it")
async def unknown_app(t: Trial) -> None:
    for key in ("nobody", "rt-key-", "rt-key-11", "RT-KEY-1", MAIN.id):
        for node in (0, -1):
            socket = await t.connect(node, App("0", key, ""))
            holds(socket.answer.startswith("HTTP/1.1 101 "), socket.answer)
            await refused_with(socket, 4001)


@rule("8", "a disabled app: 4003")
async def disabled_app(t: Trial) -> None:
    await refused_with(await t.connect(app=DISABLED), 4003)


@rule("8", "over the app's connection quota: 4004; whoever leaves makes room")
async def quota(t: Trial) -> None:
    inside = [await t.open(app=CROWDED) for _ in range(CROWD)]
    await refused_with(await t.connect(app=CROWDED), 4004)
    same(await inside[0].fence(), [], "those inside stay")
    for leave in (Socket.close, Socket.abort):
        leave(inside.pop(0))
        for _ in range(200):
            socket = await t.connect(app=CROWDED)
            if (await socket.next()).event == "pusher:connection_established":
                inside.append(socket)
                break
            await socket.ended()
        same(len(inside), CROWD, "inside after somebody left and 200 attempts")
    await refused_with(await t.connect(app=CROWDED), 4004)


@rule("8", "a path that is none of an app's is answered with 404, or upgraded and closed with 4005")
async def path_not_found(t: Trial) -> None:
    for path in ("/app", "/app/", f"/app/{MAIN.key}/more"):
        try:
            socket = await t.connect(path=path)
        except ConnectionError as refusal:
            holds(" 404 " in str(refusal), refusal)
        else:
            error = await socket.next("pusher:error")
            holds(error.data["code"] in (4001, 4005), error.text)
            holds(await socket.ended() in (4001, 4005), socket.account())


@rule("1", "socket ids are two numbers, unique over the cluster and not to be guessed")
async def socket_ids(t: Trial) -> None:
    ids = [socket.socket_id for socket in await t.members(48)]
    same(len(set(ids)), len(ids), "different ids")
    for half in (0, 1):
        numbers = sorted(int(one.split(".")[half]) for one in ids)
        gaps = [after - before for before, after in zip(numbers, numbers[1:])]
        # Of 48 numbers that count upwards, in however many series, most gaps are small.
        holds(sum(gap > 1000 for gap in gaps) > 40, f"half {half} counts upwards: {numbers[:12]}")


@rule("1", "a plain GET without an upgrade is an HTTP error and nothing worse")
async def no_upgrade(t: Trial) -> None:
    answer = await get(f"{t.base()}/app/{MAIN.key}?protocol=7")
    holds(400 <= answer.status < 500, answer.status)


@rule("1, 13", "browsers offer permessage-deflate: whatever is agreed on, messages of all sizes arrive as they are")
async def compression(t: Trial) -> None:
    offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"
    channel = t.room("private-")
    plain = await t.open(1)
    await plain.subscribe(channel)
    for node in range(t.count):
        socket = await t.open(node, fields={"Sec-WebSocket-Extensions": offer})
        await socket.subscribe(channel)
        for data in ("x", json.dumps({"rooms": ["clean", "dirty"] * 500}), "é😀" * 1500):
            await t.api().publish(channel, "ev", data)
            same((await socket.until("ev", channel)).data, data)
            same((await plain.until("ev", channel)).data, data)
        if "permessage-deflate" in socket.answer:
            text = json.dumps({"event": "client-x", "channel": channel, "data": {"x": "y" * 5000}}).encode()
            socket.send_bytes(frames.frame(frames.TEXT, frames.deflated(text), reserved=frames.COMPRESSED))
            same((await plain.until("client-x", channel)).data, {"x": "y" * 5000})


@rule("1", "a message that comes in fragments is one message")
async def fragments(t: Trial) -> None:
    socket = await t.open()
    text = json.dumps({"event": "pusher:subscribe", "data": {"channel": t.room(), "auth": ""}}).encode()
    for piece in frames.fragments(text, 5, frames.TEXT):
        socket.send_bytes(piece)
    await socket.next("pusher_internal:subscription_succeeded")
