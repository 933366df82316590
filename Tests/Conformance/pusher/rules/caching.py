"""Section 7: cache channels, encrypted payloads and subscription counts."""

import asyncio
import json

from kit.apps import COUNTED, PLAIN
from kit.socket import Socket, holds, same
from kit.trial import Trial, rule

CACHED = ["cache-", "private-cache-", "presence-cache-", "private-encrypted-cache-"]
COUNT = "pusher_internal:subscription_count"


async def enter(socket: Socket, channel: str, user: str = "7") -> None:
    if channel.startswith("presence"):
        await socket.join(channel, user)
    else:
        await socket.subscribe(channel)


@rule("4, 7", "who subscribes to a cache channel hears its last event straight after the success, on every node")
async def cached_event(t: Trial) -> None:
    for prefix in CACHED:
        channel = t.room(prefix)
        await t.api().publish(channel, "first", '{"n":1}')
        await t.api(1).publish(channel, "second", '{"n":2.0, "b":1}')
        for node in range(t.count):
            socket = await t.open(node)
            await enter(socket, channel, str(node))
            message = await socket.next()
            same(message.fields, {"event": "second", "channel": channel, "data": '{"n":2.0, "b":1}'})


@rule("3, 7", "of an empty cache a subscriber is told cache_miss, whose data exists")
async def cache_miss(t: Trial) -> None:
    for prefix in CACHED:
        channel = t.room(prefix)
        socket = await t.open()
        await enter(socket, channel)
        message = await socket.next("pusher:cache_miss", channel)
        same(message.fields, {"event": "pusher:cache_miss", "channel": channel, "data": "{}"})


@rule("7", "channels that are none of the cached kinds have no cache and no cache_miss")
async def not_cached(t: Trial) -> None:
    for prefix in ("", "private-", "presence-", "private-encrypted-", "cachex-", "xcache-", "private-x-cache-", "Cache-"):
        channel = t.room(prefix)
        before, socket = await t.open(1), await t.open(1)
        await enter(before, channel, "before")
        await t.api().publish(channel, "ev")
        # It has come to this node: what is heard later does not come from its way.
        await before.until("ev", channel)
        await enter(socket, channel)
        same([one.text for one in (await t.mark(channel, [socket]))[0]], [], prefix)


@rule("7", "the cached event is for the new subscriber only")
async def cached_for_one(t: Trial) -> None:
    channel = t.room("private-cache-")
    sockets = await t.audience(channel)
    await t.api().publish(channel, "ev", "1")
    for socket in sockets:
        await socket.until("ev", channel)
    late = await t.open(1)
    await late.subscribe(channel)
    same((await late.next("ev", channel)).data, "1")
    for heard in await t.mark(channel, sockets):
        same([one.text for one in heard], [], "a second copy")


@rule("4, 7", "what was published last, at whatever node, is what is remembered; its new subscriber hears it once")
async def cached_once(t: Trial) -> None:
    channel = t.room("cache-")
    for number in range(30):
        await t.api(number).publish(channel, "old", str(number))
        await t.api(number + 1).publish(channel, "ev", str(number))
        socket = await t.open(number + 2)
        await socket.subscribe(channel)
        (heard,) = await t.mark(channel, [socket], number + 1)
        same([(one.event, one.data) for one in heard], [("ev", str(number))])
        socket.close()


@rule("7", "the value stays when the last subscriber leaves, and when nobody was ever there")
async def cache_stays(t: Trial) -> None:
    channel = t.room("cache-")
    first = await t.open()
    await first.subscribe(channel)
    await t.api().publish(channel, "ev", "kept")
    await first.until("ev", channel)
    first.close()
    await first.ended()
    for node in range(t.count):
        socket = await t.open(node)
        await socket.subscribe(channel)
        same((await socket.next("ev", channel)).data, "kept")
        socket.leave(channel)
        await socket.fence()


@rule("5, 7", "client events and what the server says of members are not remembered")
async def only_published(t: Trial) -> None:
    channel = t.room("presence-cache-")
    one, two = await t.members(2)
    await one.join(channel, "1")
    await two.join(channel, "2")
    one.send("client-x", {"a": 1}, channel=channel)
    await two.until("client-x", channel)
    third = await t.open(2)
    await third.join(channel, "3")
    await third.next("pusher:cache_miss", channel)
    await t.api().publish(channel, "ev", "1")
    await two.until("ev", channel)
    one.send("client-x", {"a": 2}, channel=channel)
    await two.until("client-x", channel)
    fourth = await t.open(1)
    await fourth.join(channel, "4")
    await fourth.next("ev", channel)


@rule("7", "caches are scoped by app")
async def cache_scoped(t: Trial) -> None:
    channel = t.room("cache-")
    await t.api().publish(channel, "ours")
    socket = await t.open(app=PLAIN)
    await socket.subscribe(channel)
    await socket.next("pusher:cache_miss", channel)
    await t.api(app=PLAIN).publish(channel, "theirs")
    ours = await t.open()
    await ours.subscribe(channel)
    await ours.next("ours", channel)


@rule("7", "of a batch the last event of a channel is remembered; of several channels each")
async def cached_batch(t: Trial) -> None:
    one, two = t.room("cache-"), t.room("cache-")
    answer = await t.api().batch([
        {"channel": one, "name": "a", "data": "1"}, {"channel": two, "name": "b", "data": "2"},
        {"channel": one, "name": "c", "data": "3"}])
    same(answer.status, 200, answer.body)
    socket = await t.open(1)
    await socket.subscribe(one)
    await socket.next("c", one)
    await socket.subscribe(two)
    await socket.next("b", two)
    three, four = t.room("cache-"), t.room("private-cache-")
    await t.api(2).publish([three, four], "both", "x" * 10_240)
    for channel in (three, four):
        await socket.subscribe(channel)
        same((await socket.next("both", channel)).data, "x" * 10_240)


@rule("4, 7", "success, then the cached event or the miss, then later events: also while somebody publishes all the time")
async def cache_order(t: Trial) -> None:
    channel = t.room("cache-")
    published = 0
    stop = asyncio.Event()

    async def flood() -> None:
        nonlocal published
        while not stop.is_set():
            await t.api(published % t.count).publish(channel, "ev", str(published + 1))
            published += 1

    flooding = t.task(flood())
    try:
        for number in range(24):
            socket = await t.open(number)
            socket.ask(channel)
            await socket.next("pusher_internal:subscription_succeeded", channel)
            first, second = await socket.next(), await socket.next()
            holds(first.event in ("ev", "pusher:cache_miss"), first.text)
            holds(first.event == "ev" or number < 3, "a miss though something was published")
            same(second.event, "ev", second.text)
            if first.event == "ev":
                holds(int(second.data) >= int(first.data), f"{second.text} after {first.text}")
            socket.close()
    finally:
        stop.set()
        await flooding


@rule("7", "encrypted payloads pass as they are")
async def encrypted_payload(t: Trial) -> None:
    channel = t.room("private-encrypted-")
    sockets = await t.audience(channel)
    data = json.dumps({"nonce": "LeWaEHj3Q2eH0z3C5rE8v6fcTgIoJz4u", "ciphertext": "c2VjcmV0IGJveA=="})
    await t.api(1).publish(channel, "ev", data)
    for socket in sockets:
        same((await socket.next("ev", channel)).data, data)


@rule("7", "an encrypted channel among several is refused with 400, and nothing is published")
async def encrypted_among_several(t: Trial) -> None:
    public, encrypted = t.room(), t.room("private-encrypted-")
    socket = await t.open()
    await socket.subscribe(public)
    await socket.subscribe(encrypted)
    for names in ([public, encrypted], [encrypted, public], [encrypted, t.room("private-encrypted-cache-")]):
        answer = await t.api().post("/events", {"name": "ev", "channels": names, "data": "{}"})
        same(answer.status, 400, names)
    await t.mark(public, [socket])
    same(socket.heard(public, "ev") + socket.heard(encrypted, "ev"), [])
    await t.api().publish([encrypted], "alone")
    await socket.next("alone", encrypted)


@rule("3, 7", "with the app's switch each subscribe and unsubscribe tells all in the channel how many they are in the cluster")
async def subscription_count(t: Trial) -> None:
    for prefix in ("", "private-", "cache-"):
        channel = t.room(prefix)
        sockets = await t.members(4, COUNTED)
        for number, socket in enumerate(sockets):
            await socket.subscribe(channel)
            for one in sockets[:number + 1]:
                message = await one.until(COUNT, channel)
                same(message.json(), {"subscription_count": number + 1}, message.text)
                same(sorted(message.fields), ["channel", "data", "event"])
        # A second subscription of the same connection is none.
        sockets[0].ask(channel)
        sockets[3].leave(channel)
        sockets[2].abort()
        for one in sockets[:2]:
            while (await one.until(COUNT, channel)).json() != {"subscription_count": 2}:
                pass
            holds(max(told.json()["subscription_count"] for told in one.heard(channel, COUNT)) == 4, "more than there were")
        await t.mark(channel, sockets[:2], app=COUNTED)
        same(sockets[3].heard(channel, COUNT)[-1].json(), {"subscription_count": 4}, "told to who has left")


@rule("7", "when many come and go at once the last count that each hears is right")
async def count_settles(t: Trial) -> None:
    channel = t.room()
    sockets = await t.members(18, COUNTED)
    await asyncio.gather(*(socket.subscribe(channel) for socket in sockets))
    for socket in sockets[6:12]:
        socket.leave(channel)
    for socket in sockets[12:]:
        socket.abort()
    for socket in sockets[:6]:
        await socket.wait(
            lambda: socket.heard(channel, COUNT) and socket.heard(channel, COUNT)[-1].json() == {"subscription_count": 6}, "6")
    await t.mark(channel, sockets[:6], app=COUNTED)
    for socket in sockets[:6]:
        same(socket.heard(channel, COUNT)[-1].json(), {"subscription_count": 6}, "the last word")


@rule("7", "presence channels have no subscription_count")
async def no_count_for_presence(t: Trial) -> None:
    channel = t.room("presence-")
    one, two = await t.members(2, COUNTED)
    await one.join(channel, "1")
    await two.join(channel, "2")
    two.leave(channel)
    await one.until("pusher_internal:member_removed", channel)
    await t.mark(channel, [one], app=COUNTED)
    same(one.heard(channel, COUNT), [])


@rule("7", "without the app's switch there is no subscription_count")
async def count_off(t: Trial) -> None:
    channel = t.room()
    sockets = await t.audience(channel)
    sockets[2].leave(channel)
    await sockets[2].fence()
    await t.mark(channel, sockets[:2])
    same([one for socket in sockets for one in socket.heard(channel, COUNT)], [])


@rule("7", "above 100 subscribers the count is told at most every 5 s, and the last one comes", seconds=60)
async def count_of_many(t: Trial) -> None:
    channel = t.room()
    loop = asyncio.get_running_loop()
    sockets = await t.members(101, COUNTED)
    await asyncio.gather(*(one.subscribe(channel) for one in sockets))
    watcher = sockets[0]
    more = await t.members(30, COUNTED)
    began = loop.time()
    for socket in more:
        await socket.subscribe(channel)
    await watcher.wait(
        lambda: any(one.json() == {"subscription_count": 131} for one in watcher.heard(channel, COUNT)), "131", 20)
    took = loop.time() - began
    above = [one for one in watcher.heard(channel, COUNT) if one.json()["subscription_count"] > 101]
    # Each node may tell those of its own, so one more at the start.
    holds(len(above) <= took / 5 + 2, f"{len(above)} counts in {took:.1f} s: {[one.data for one in above][:20]}")
