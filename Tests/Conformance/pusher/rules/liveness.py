"""Section 9: pings and pongs, and how a dead peer is found."""

import asyncio
import json

import frames
from kit.apps import MAIN
from kit.socket import Socket, holds, same
from kit.trial import Trial, rule

PONG_SECONDS = 30


@rule("9", "pusher:ping is answered at once, before any subscription and by connections that are not signed in")
async def pong(t: Trial) -> None:
    for node in (*range(t.count), -1):
        socket = await t.open(node)
        for _ in range(5):
            socket.send("pusher:ping", {})
            await socket.next("pusher:pong")


@rule("13", "a ping that comes with the handshake, before connection_established, is answered behind it")
async def early_ping(t: Trial) -> None:
    for text in ('{"event":"pusher:ping","data":""}', '{"event":"pusher:ping","data":{}}'):
        for node in (*range(t.count), -1):
            socket = await t.connect(node, first=frames.frame(frames.TEXT, text.encode()))
            await socket.established()
            await socket.next("pusher:pong")


@rule("9", "a WebSocket ping frame is answered with a pong frame with the same payload")
async def ping_frame(t: Trial) -> None:
    socket = await t.open()
    for payload in (b"", b"x", b"\x00\xff" * 62):
        socket.send_bytes(frames.frame(frames.PING, payload))
        await socket.wait(
            lambda: any(one.opcode == frames.PONG and one.payload == payload for one in socket.frames), "a pong frame")


@rule("9", "a pong frame that nobody asked for is ignored")
async def unasked_pong(t: Trial) -> None:
    socket = await t.open()
    socket.send_bytes(frames.frame(frames.PONG, b"anything"))
    same(await socket.fence(), [])


@rule("9", "who has said nothing after its greeting and joined nothing stays for longer than any other time limit", "long", 120)
async def silent_stays(t: Trial) -> None:
    socket = await t.open()
    await asyncio.sleep(60)
    same(await socket.fence(), [])


def asked(socket: Socket) -> int:
    """How often it was asked whether it lives."""
    return sum(one.opcode == frames.PING for one in socket.frames) + sum(
        one.event == "pusher:ping" for one in socket.messages)


async def activity(t: Trial, socket: Socket) -> float:
    return float(json.loads(socket.messages[0].data)["activity_timeout"])


@rule("9", "after activity_timeout of silence the server asks; 30 s later it closes with 4201, for each protocol", "long", 240)
async def dead_peer(t: Trial) -> None:
    loop = asyncio.get_running_loop()
    channel = t.room()

    async def events() -> None:
        while True:
            await t.api().publish(channel, "ev")
            await asyncio.sleep(5)

    async def one(protocol: str, hears: bool) -> None:
        socket = await t.open(query={"protocol": protocol}, app=MAIN)
        limit = await activity(t, socket)
        if hears:
            await socket.subscribe(channel)
        began = loop.time()
        await socket.wait(lambda: asked(socket), "a ping", limit + 15)
        silence = loop.time() - began
        holds(limit - 5 <= silence <= limit + 10, f"asked after {silence:.0f} s")
        for message in socket.messages[1:]:
            if message.channel is None:
                same(message.event, "pusher:ping")
                holds(message.data in ({}, "{}"), message.text)
        code = await socket.ended(PONG_SECONDS + 15)
        same(code, 4201)
        waited = loop.time() - began - silence
        holds(PONG_SECONDS - 5 <= waited <= PONG_SECONDS + 10, f"closed after {waited:.0f} s more")

    # Events that a peer is sent are no sign of its life.
    t.task(events())
    await asyncio.gather(*(one(protocol, hears) for protocol in ("5", "6", "7") for hears in (False, True)))


@rule("9", "any frame is activity: who answers pings in any way, or says anything, is kept", "long", 260)
async def activity_keeps(t: Trial) -> None:
    answers = {
        "a pong": lambda one: one.send("pusher:pong", {}), "pysher's pong": lambda one: one.send("pusher:pong", ""),
        "a pong frame": lambda one: one.send_bytes(frames.frame(frames.PONG)),
        "a ping frame": lambda one: one.send_bytes(frames.frame(frames.PING)),
        "nonsense": lambda one: one.send_text("nonsense"), "an unsubscribe": lambda one: one.leave("nothing"),
    }

    async def one(what: str) -> None:
        socket = await t.open()
        limit = await activity(t, socket)
        await socket.wait(lambda: asked(socket), f"a ping before {what}", limit + 15)
        answers[what](socket)
        await asyncio.sleep(PONG_SECONDS + 10)
        holds(not socket.has_ended, f"closed in spite of {what}")
        socket.send("pusher:ping", {})
        await socket.until("pusher:pong")

    await asyncio.gather(*(one(what) for what in answers))
