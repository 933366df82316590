"""Section 4: what a subscription hears, in which order, and how it ends."""

import asyncio

from kit.socket import holds, same
from kit.trial import Trial, rule

SUCCESS = "pusher_internal:subscription_succeeded"


@rule("3, 4", "what is published at one node reaches the subscribers on all, once")
async def cluster_wide(t: Trial) -> None:
    for prefix in ("", "private-", "private-encrypted-"):
        channel = t.room(prefix)
        sockets = await t.audience(channel, 6)
        for node in (*range(t.count), -1):
            await t.api(node).publish(channel, f"from-{node}", str(node))
        for socket in sockets:
            await socket.wait(lambda: len(socket.messages) >= t.count + 3, "an event from each node")
        marks = await t.mark(channel, sockets)
        for heard in marks:
            same(sorted((one.event, one.data) for one in heard),
                 sorted((f"from-{node}", str(node)) for node in (*range(t.count), -1)))


@rule("4", "events that one publisher sends one after the other arrive in that order")
async def in_order(t: Trial) -> None:
    channel = t.room()
    sockets = await t.audience(channel)
    for number in range(40):
        await t.api().publish(channel, "ev", str(number))
    for (heard, socket) in zip(await t.mark(channel, sockets), sockets):
        same([one.data for one in heard], [str(number) for number in range(40)], socket.socket_id)


@rule("4", "no event of a channel reaches a subscriber before its subscription_succeeded")
async def nothing_before_success(t: Trial) -> None:
    channel = t.room("private-")
    stop = asyncio.Event()

    async def flood() -> None:
        number = 0
        while not stop.is_set():
            await t.api(number % t.count).publish(channel, "ev", str(number))
            number += 1

    flooding = [t.task(flood()) for _ in range(2)]
    try:
        sockets = await t.members(12)
        for socket in sockets:
            for _ in range(8):
                socket.ask(channel)
                await socket.subscribed(channel)
                socket.leave(channel)
            await socket.fence()
    finally:
        stop.set()
        await asyncio.gather(*flooding)
    for socket in sockets:
        same(socket.heard(channel)[0].event, SUCCESS, "the first on the channel")
        same(len(socket.heard(channel, SUCCESS)), 8, "successes")


@rule("3, 4", "unsubscribe has no answer, and nothing of the channel is heard any more")
async def unsubscribed(t: Trial) -> None:
    channel, other = t.room(), t.room()
    (socket, rest) = await t.audience(channel, 2)
    await socket.subscribe(other)
    socket.leave(channel)
    same(await socket.fence(), [], "an answer")
    await t.api(1).publish([channel, other], "ev")
    await rest.next("ev", channel)
    await socket.next("ev", other)
    same(await socket.fence(), [], "events of the channel that was left")


@rule("4", "an unsubscribe of an unknown channel, or one that is not subscribed, is ignored silently")
async def unsubscribe_unknown(t: Trial) -> None:
    socket = await t.open()
    for channel in (t.room(), t.room("private-"), t.room("presence-"), "#server-to-user-7", "bad name", "x" * 500, ""):
        socket.leave(channel)
    same(await socket.fence(), [], "answers")


@rule("4", "who subscribes twice is told the success again, hears each event once, and has left with one unsubscribe")
async def subscribe_twice(t: Trial) -> None:
    channel = t.room("private-")
    (socket, rest) = await t.audience(channel, 2)
    await socket.subscribe(channel)
    await t.api(1).publish(channel, "ev")
    await socket.next("ev", channel)
    same(await socket.fence(), [], "a second copy")
    socket.leave(channel)
    await socket.fence()
    await t.api().publish(channel, "late")
    await rest.until("late", channel)
    same([one.text for one in await socket.fence()], [], "after one unsubscribe")


@rule("4", "subscribe and unsubscribe of one connection are applied in the order received, also all in one segment")
async def applied_in_order(t: Trial) -> None:
    kept, dropped = t.room("private-"), t.room("private-")
    socket, rest = await t.open(), await t.open(1)
    for channel in (kept, dropped):
        await rest.subscribe(channel)
    # Echo leaves and joins back to back; a cancelled subscription is left straight after it was asked for.
    await socket.subscribe(kept)
    for _ in range(5):
        socket.leave(kept)
        socket.ask(kept)
        socket.ask(dropped)
        socket.leave(dropped)
    # Nobody says how many successes there are for what was cancelled: the subscription itself is asked.
    for number in range(200):
        await t.api(1).publish([dropped, kept], f"ev-{number}")
        await rest.until(f"ev-{number}", kept)
        await socket.fence()
        if socket.heard(kept, f"ev-{number}"):
            break
    await socket.subscribe(t.room("private-"))
    await t.api(1).publish([dropped, kept], "last")
    await socket.until("last", kept)
    await rest.until("last", kept)
    await socket.fence()
    same(socket.heard(dropped, "last"), [], "events of the channel that was left last")
    same(len(socket.heard(kept, "last")), 1)


@rule("4", "an unsubscribe straight after the success, as js sends it, leaves nothing behind")
async def unsubscribe_straight_after(t: Trial) -> None:
    channel = t.room()
    socket, rest = await t.open(), await t.open(1)
    await rest.subscribe(channel)
    for _ in range(10):
        await socket.subscribe(channel)
        socket.leave(channel)
    await socket.fence()
    await t.api(1).publish(channel, "ev")
    await rest.next("ev", channel)
    same(await socket.fence(), [])


@rule("4", "what is published after a success was told reaches the subscriber, from any node")
async def heard_after_success(t: Trial) -> None:
    for number in range(12):
        channel = t.room()
        socket = await t.open(number)
        await socket.subscribe(channel)
        await t.api(number + 1).publish(channel, "ev", str(number))
        await socket.next("ev", channel)


@rule("10", "socket_id excludes that connection wherever it lives, and no other")
async def excluded(t: Trial) -> None:
    channel = t.room("private-")
    sockets = await t.audience(channel, 2 * t.count)
    for one in sockets:
        for node in range(t.count):
            await t.api(node).publish(channel, "ev", one.socket_id, socket_id=one.socket_id)
    marks = await t.mark(channel, sockets)
    for socket, heard in zip(sockets, marks):
        # Those from other nodes than the mark's may still be on their way.
        await socket.wait(lambda: len(socket.heard(channel, "ev")) >= (len(sockets) - 1) * t.count, "the others' events")
        await t.mark(channel, [socket])
        told = [one.data for one in socket.heard(channel, "ev")]
        holds(socket.socket_id not in told, "it hears what excludes it")
        same(sorted(told), sorted(one.socket_id for one in sockets if one is not socket for _ in range(t.count)))


@rule("10", "a socket_id in a batch excludes for its own event only")
async def excluded_in_batch(t: Trial) -> None:
    channel = t.room()
    (sender, other) = await t.audience(channel, 2)
    answer = await t.api(1).batch([
        {"channel": channel, "name": "to-others", "data": "1", "socket_id": sender.socket_id},
        {"channel": channel, "name": "to-all", "data": "2"}])
    same(answer.status, 200, answer.body)
    await other.next("to-others", channel)
    await other.next("to-all", channel)
    await sender.next("to-all", channel)


@rule("10", "an unknown socket_id is ignored")
async def unknown_excluded(t: Trial) -> None:
    channel = t.room()
    sockets = await t.audience(channel)
    for socket_id in ("1.1", "123.456", "99999999999999999999.99999999999999999999"):
        await t.api().publish(channel, "ev", "1", socket_id=socket_id)
        for socket in sockets:
            await socket.next("ev", channel)


@rule("10", "one event to several channels arrives on each, under its name, in the order of the list")
async def several_channels(t: Trial) -> None:
    names = [t.room("private-") for _ in range(5)]
    socket = await t.open()
    for name in names:
        await socket.subscribe(name)
    await t.api(1).publish(names, "ev", "{}")
    same(sorted([(await socket.next("ev")).channel for _ in names]), sorted(names))


@rule("13", "Laravel's chunks: 250 channels in three posts of at most 100, with a class name as event")
async def laravel_chunks(t: Trial) -> None:
    names = [t.room() for _ in range(250)]
    listening = names[::25]
    socket = await t.open()
    for name in listening:
        await socket.subscribe(name)
    event = "App\\Events\\Rooms\\RoomStatusChanged"
    for at in range(0, 250, 100):
        await t.api(-1).publish(names[at:at + 100], event, '{"id":1}')
    same([(await socket.next(event)).channel for _ in listening], listening)


@rule("13", "after a reconnect everything is subscribed anew with new signatures; the old ones are refused")
async def reconnect(t: Trial) -> None:
    channel = t.room("private-")
    old = await t.open()
    auth = old.auth(channel)
    await old.subscribe(channel)
    old.abort()
    socket = await t.open(1)
    socket.send("pusher:subscribe", {"channel": channel, "auth": auth})
    await socket.next("pusher:subscription_error", channel)
    await socket.subscribe(channel)
    await t.api().publish(channel, "ev")
    await socket.next("ev", channel)
