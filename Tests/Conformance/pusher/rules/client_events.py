"""Section 5: client events (whispers)."""

import asyncio
import json

from kit.apps import HOOKED, MAIN, PLAIN
from kit.socket import Socket, holds, same
from kit.trial import Trial, rule
from harness.cluster import App

PER_SECOND = 10


def refusals(socket: Socket) -> list[int | None]:
    return [one.data.get("code") for one in socket.messages if one.event == "pusher:error"]


async def is_refused(socket: Socket, event: str, data: object, channel: str) -> None:
    """Says it and is refused with 4301 on an open connection."""
    socket.send(event, data, channel=channel)
    error = await socket.next("pusher:error")
    same(error.data.get("code"), 4301, error.text)


@rule("5", "a client event reaches every other connection of the channel in the cluster, and never its sender")
async def relayed(t: Trial) -> None:
    for prefix in ("private-", "private-cache-", "presence-", "presence-cache-"):
        channel = t.room(prefix)
        sockets = await t.members(2 * t.count)
        for number, socket in enumerate(sockets):
            if prefix.startswith("presence"):
                await socket.join(channel, str(number))
            else:
                await socket.subscribe(channel)
        for number, socket in enumerate(sockets):
            socket.send("client-typing", {"from": number}, channel=channel)
        for number, socket in enumerate(sockets):
            await socket.wait(lambda: len(socket.heard(channel, "client-typing")) >= len(sockets) - 1, "all others")
        await t.mark(channel, sockets)
        for number, socket in enumerate(sockets):
            same(sorted(one.data["from"] for one in socket.heard(channel, "client-typing")),
                 [other for other in range(len(sockets)) if other != number])


@rule("3", "a relayed message has the fields event, channel and data, and user_id on presence channels only")
async def relayed_fields(t: Trial) -> None:
    private, presence = t.room("private-"), t.room("presence-")
    sender, other = await t.members(2)
    await sender.subscribe(private)
    await other.subscribe(private)
    await sender.join(presence, "7")
    await other.join(presence, "8")
    smuggled = {"user_id": "root", "socket_id": "1.1", "extra": {"x": 1}, "seq": 5}
    sender.send("client-x", {"a": 1}, channel=private, **smuggled)
    message = await other.until("client-x", private)
    same(message.fields, {"event": "client-x", "channel": private, "data": {"a": 1}})
    sender.send("client-x", {"a": 1}, channel=presence, **smuggled)
    message = await other.until("client-x", presence)
    same(message.fields, {"event": "client-x", "channel": presence, "data": {"a": 1}, "user_id": "7"})


@rule("3", "event and channel of a client event are those of its envelope, whatever its data or the order of its fields")
async def nothing_in_data(t: Trial) -> None:
    one, two = t.room("private-"), t.room("private-")
    sender, other = await t.members(2)
    for socket in (sender, other):
        await socket.subscribe(one)
        await socket.subscribe(two)
    name = 'client-é"\\\t\u2028'
    inner = {"event": "client-evil", "channel": two, "data": {"event": "client-evil", "channel": two}, "user_id": "root"}
    sender.send_text(json.dumps({"data": inner, "channel": one, "event": name}))
    sender.send_text(json.dumps({"x": inner, "event": name, "channel": one, "data": json.dumps(inner)}))
    same((await other.next(name, one)).fields, {"event": name, "channel": one, "data": inner})
    same((await other.next(name, one)).fields, {"event": name, "channel": one, "data": json.dumps(inner)})
    same([message.text for message in (await t.mark(two, [other]))[0]], [])


@rule("3", "user_id of a client event is that of the sender's own subscription to that channel")
async def user_id_of_channel(t: Trial) -> None:
    one, two = t.room("presence-"), t.room("presence-")
    sender, other = await t.members(2)
    await sender.sign_in(t.user())
    await sender.join(one, "as-one")
    await sender.subscribe(two, '{"user_id":22}')
    await other.join(one, "o")
    await other.join(two, "o")
    sender.send("client-x", {}, channel=one)
    sender.send("client-x", {}, channel=two)
    same((await other.until("client-x", one)).fields.get("user_id"), "as-one")
    same((await other.until("client-x", two)).fields.get("user_id"), "22")


@rule("5", "an app without client events refuses them with 4301; the connection stays and nobody hears them")
async def off(t: Trial) -> None:
    channel = t.room("private-")
    sender, other = await t.audience(channel, 2, PLAIN)
    await is_refused(sender, "client-x", {}, channel)
    same([one.text for one in (await t.mark(channel, [other], app=PLAIN))[0]], [])
    await sender.until("mark-2", channel)


@rule("5", "not on public channels, nor on those of a user")
async def not_on_public(t: Trial) -> None:
    user = t.user()
    channels = [t.room(), t.room("cache-"), f"#server-to-user-{user}"]
    sender, other = await t.members(2)
    for socket in (sender, other):
        await socket.sign_in(user)
        for channel in channels:
            await socket.subscribe(channel)
    for channel in channels:
        sender.send("client-x", {}, channel=channel)
    await sender.fence()
    holds(set(refusals(sender)) <= {4301, 4300, None}, refusals(sender))
    for channel in channels:
        await t.mark(channel, [other, sender])
        same(other.heard(channel, "client-x"), [], channel)


@rule("5", "not from who is not subscribed: dropped silently or 4301, never 4009")
async def not_subscribed(t: Trial) -> None:
    channel = t.room("private-")
    (other,) = await t.audience(channel, 1)
    outside, left = await t.open(), await t.open(1)
    await left.subscribe(channel)
    left.leave(channel)
    for socket in (outside, left):
        socket.send("client-x", {}, channel=channel)
        await socket.fence()
        holds(set(refusals(socket)) <= {4301}, refusals(socket))
    for node in range(t.count):
        await t.mark(channel, [other], node)
    same(other.heard(channel, "client-x"), [])


@rule("5", "a client event without a channel or with one that is no name is heard by nobody and closes nothing")
async def no_channel(t: Trial) -> None:
    socket = await t.open()
    for text in ('{"event":"client-x","data":{}}', '{"event":"client-x","data":{},"channel":7}',
                 '{"event":"client-x","data":{},"channel":""}', '{"event":"client-x","data":{},"channel":"bad name"}'):
        socket.send_text(text)
    await socket.fence()
    holds(set(refusals(socket)) <= {4301, 4300, None}, refusals(socket))


@rule("5, 12", "the name of a client event has at most 200 characters: at the limit relayed, one beyond 4301")
async def event_name_length(t: Trial) -> None:
    channel = t.room("private-")
    sender, other = await t.audience(channel, 2)
    name = "client-" + "x" * 193
    sender.send(name, {}, channel=channel)
    await other.next(name, channel)
    await is_refused(sender, name + "x", {}, channel)
    same([one.text for one in (await t.mark(channel, [other]))[0]], [])


@rule("5, 12", "the data of a client event has at most 10240 bytes: at the limit relayed, one beyond 4301")
async def event_data_size(t: Trial) -> None:
    channel = t.room("private-")
    sender, other = await t.audience(channel, 2)
    text = '{"x":"%s"}' % ("y" * (10_240 - 8))
    same(len(text), 10_240)
    sender.send_text('{"event":"client-x","channel":"%s","data":%s}' % (channel, text))
    same((await other.next("client-x", channel)).data, json.loads(text))
    await is_refused(sender, "client-x", {"x": "y" * (10_241 - 8)}, channel)
    same([one.text for one in (await t.mark(channel, [other]))[0]], [])


@rule("5, 12", "ten client events at once are relayed; of more in a second the rest gets 4301 and the connection stays")
async def event_rate(t: Trial) -> None:
    # One of them has the limit by its options, the other by default.
    for app in (MAIN, HOOKED):
        await limited(t, app)


async def limited(t: Trial, app: App) -> None:
    channel = t.room("private-")
    sender, second, other = await t.audience(channel, 3, app)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(PER_SECOND):
        sender.send("client-x", {"n": number}, channel=channel)
    await other.wait(lambda: len(other.heard(channel, "client-x")) == PER_SECOND, "ten at once")
    same(refusals(sender), [])
    for number in range(PER_SECOND, 60):
        sender.send("client-x", {"n": number}, channel=channel)
    await sender.fence()
    took = loop.time() - began
    relayed = 60 - len(refusals(sender))
    same(set(refusals(sender)), {4301})
    holds(relayed <= 2 * PER_SECOND + PER_SECOND * took, f"{relayed} of 60 in {took:.1f} s")
    # Others may speak meanwhile.
    second.send("client-y", {}, channel=channel)
    await other.until("client-y", channel)
    same(len(other.heard(channel, "client-x")), relayed, "as many as were not refused")


@rule("5", "who was refused for its rate may speak again a second later")
async def event_rate_recovers(t: Trial) -> None:
    channel = t.room("private-")
    sender, other = await t.audience(channel, 2, HOOKED)
    for number in range(40):
        sender.send("client-x", {}, channel=channel)
    await sender.wait(lambda: refusals(sender), "a refusal")
    await sender.fence()
    for number in range(100):
        sender.send(f"client-{number}", {}, channel=channel)
        await sender.fence()
        await t.mark(channel, [other], app=HOOKED)
        if other.heard(channel, f"client-{number}"):
            return
        await asyncio.sleep(0.05)
    holds(False, "never again")


@rule("5", "client events are scoped by app")
async def client_events_scoped(t: Trial) -> None:
    channel = t.room("private-")
    (sender, other), (stranger,) = await t.audience(channel, 2), await t.audience(channel, 1, HOOKED)
    sender.send("client-x", {}, channel=channel)
    await other.next("client-x", channel)
    same((await t.mark(channel, [stranger], app=HOOKED))[0], [])


@rule("5", "on encrypted channels a client event is passed as it is or refused with 4301")
async def on_encrypted(t: Trial) -> None:
    channel = t.room("private-encrypted-")
    sender, other = await t.audience(channel, 2)
    data = {"nonce": "AAAA", "ciphertext": "BBBB"}
    sender.send("client-x", data, channel=channel)
    await sender.fence()
    if refusals(sender):
        same(refusals(sender), [4301])
    else:
        same((await other.next("client-x", channel)).data, data)
