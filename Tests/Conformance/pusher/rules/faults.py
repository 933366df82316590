"""Section 8: close codes, and what is answered to messages that make no sense."""

import asyncio
import json
import time

import frames
from kit.apps import MAIN
from kit.socket import Socket, holds, same
from kit.trial import Trial, rule

NONSENSE = [
    "", "{", "nothing", "[]", "[1]", '"pusher:ping"', "7", "null", "true", "{}", '{"data":{}}', '{"event":7}',
    '{"event":null,"data":{}}', '{"event":{"a":1}}', '{"event":""}', '{"event":"pusher:nothing","data":{}}',
    '{"event":"pusher:","data":{}}', '{"event":"pusher:ping"}}', '{"event":"pusher:ping",}', "{'event':'pusher:ping'}",
    '{"event":"pusher:connection_established","data":"{}"}', '{"event":"pusher:error","data":{"code":4001}}',
]


async def answered_with_an_error(socket: Socket, text: str) -> None:
    socket.send_text(text)
    error = await socket.next("pusher:error")
    holds(isinstance(error.data, dict), error.text)
    holds(error.data.get("code") in (None, 4300), f"{text!r}: {error.text}")
    same(await socket.fence(), [], f"one answer to {text!r}")


@rule("8", "malformed JSON, no event and unknown pusher: events: pusher:error with code null or 4300, and the connection stays")
async def nonsense(t: Trial) -> None:
    async def one(texts: list[str]) -> None:
        socket = await t.open()
        for text in texts:
            await answered_with_an_error(socket, text)
        await socket.subscribe(t.room())

    await asyncio.gather(one(NONSENSE[::2]), one(NONSENSE[1::2]))


@rule("8", "a subscribe or unsubscribe without a channel's name leaves the connection open, without a success")
async def subscribe_without_name(t: Trial) -> None:
    socket = await t.open()
    for event in ("pusher:subscribe", "pusher:unsubscribe"):
        for data in ("{}", '{"channel":7}', '{"channel":null}', '{"channel":["x"]}', "[]", "7", "null", '""', '"x"'):
            socket.send_text('{"event":"%s","data":%s}' % (event, data))
            for answer in await socket.fence():
                holds(answer.event in ("pusher:error", "pusher:subscription_error"), f"{data}: {answer.text}")
                if answer.event == "pusher:error":
                    holds(answer.data.get("code") in (None, 4300), f"{data}: {answer.text}")


@rule("3, 8", "what only servers say is not relayed when a client says it")
async def internal_events(t: Trial) -> None:
    channel = t.room("presence-")
    sender, other = await t.open(), await t.open(1)
    await sender.join(channel, "1")
    await other.join(channel, "2")
    for event in (
            "pusher_internal:member_added", "pusher_internal:subscription_succeeded", "pusher:member_added", "message",
            "client", "Client-x", "clients-x"):
        sender.send(event, {"user_id": "9", "presence": {}}, channel=channel)
    for answer in await sender.fence():
        if answer.channel != channel:
            holds(answer.event == "pusher:error" and answer.data.get("code") in (None, 4300, 4301), answer.text)
    (heard,) = await t.mark(channel, [other])
    same([one.text for one in heard], [], "heard by the others")


@rule("8", "no code of an error event on an open connection is in 4000-4299, where pysher would leave or come back")
async def harmless_codes(t: Trial) -> None:
    socket = await t.open()
    socket.send("client-x", {}, channel=t.room("private-"))
    socket.send("pusher:subscribe", {"channel": t.room("private-"), "auth": "wrong"})
    socket.send("pusher:subscribe", {"channel": "bad name"})
    socket.send("pusher:unsubscribe", {})
    for text in NONSENSE:
        socket.send_text(text)
    for answer in await socket.fence():
        if answer.event == "pusher:error":
            code = answer.data.get("code")
            holds(code is None or 4300 <= code < 4400, answer.text)


@rule("8", "a client's close is answered with a close frame that has a code")
async def close_answered(t: Trial) -> None:
    for code in (1000, 1001, 4000):
        socket = await t.open()
        socket.send_bytes(frames.close_frame(code))
        holds(await socket.ended() is not None, "no code in the close frame")


@rule("12", "a message far above the payload limit closes with 1009")
async def huge_message(t: Trial) -> None:
    socket = await t.open()
    socket.send_text(json.dumps({"event": "pusher:ping", "data": "x" * (1 << 20)}))
    same(await socket.ended(), 1009)


@rule("12", "a message a little above the payload limit is read: its answer is no close")
async def large_message(t: Trial) -> None:
    socket = await t.open()
    socket.send("pusher:ping", {"x": "y" * 11_000})
    await socket.next("pusher:pong")


async def left_by(t: Trial, count: int) -> tuple[list[Socket], list[float]]:
    """So many sockets, all on one channel, at a node that then leaves; when each was closed, with 4200."""
    node, channel = t.world.cluster.nodes[-1], t.room()
    leaving = [await t.open(t.count - 1) for _ in range(count)]
    staying = await t.open(0)
    for socket in (*leaving, staying):
        await socket.subscribe(channel)
    ends: list[float] = []

    async def watched(socket: Socket) -> None:
        same(await socket.ended(40), 4200, "the close frame's code")
        ends.append(time.monotonic())

    stopping = t.task(node.process.stop(40))
    try:
        await asyncio.gather(*(watched(socket) for socket in leaving))
        same(await stopping, 0, "the node's exit code")
        back = [await t.open(-1) for _ in range(6)]
        for socket in back:
            await socket.subscribe(channel)
        await t.api(0).publish(channel, "after")
        for socket in (*back, staying):
            await socket.until("after", channel)
    finally:
        await asyncio.wait([stopping])
        node.start()
        await node.ready()
    return leaving, ends


@rule("8, 13", "a node that leaves closes with 4200, spread over time; its clients come back elsewhere", part="last", seconds=60)
async def draining(t: Trial) -> None:
    # Of a single node nobody would be left: its own end is looked at by whoever starts it.
    if t.count > 1:
        _, ends = await left_by(t, 60)
        spread = max(ends) - min(ends)
        holds(spread > 1, f"all were closed within {spread:.2f} s")


@rule("8", "a node that leaves says 4200 both ways: pysher acts on events, the others on close codes", part="last", seconds=60)
async def draining_both_ways(t: Trial) -> None:
    if t.count > 1:
        leaving, _ = await left_by(t, 4)
        for socket in leaving:
            error = socket.messages[-1]
            holds(error.event == "pusher:error" and error.data.get("code") == 4200, f"closed without an event: {error.text}")


@rule("13", "js's HTTP fallbacks (SockJS paths) are answered with 404, quickly")
async def sockjs(t: Trial) -> None:
    for node in (0, -1):
        for method, path in (
                ("POST", f"/pusher/app/{MAIN.key}/123/abcdefgh/xhr_streaming"),
                ("POST", f"/pusher/app/{MAIN.key}/123/abcdefgh/xhr"),
                ("POST", f"/pusher/app/{MAIN.key}/123/abcdefgh/xhr_send"), ("GET", f"/pusher/app/{MAIN.key}/info"),
                ("POST", f"/pusher/app/{MAIN.key}/123/abcdefgh/xhr_streaming?protocol=7&client=js&version=8.6.0&t=1&n=1"),
                ("OPTIONS", f"/pusher/app/{MAIN.key}/123/abcdefgh/xhr_streaming")):
            began = time.monotonic()
            body = b'["{}"]' if method == "POST" else None
            answer = await t.api(node).send(method, path, body, Origin="https://app.example")
            same(answer.status, 404, f"{method} {path}")
            holds(time.monotonic() - began < 3, "not quickly")
