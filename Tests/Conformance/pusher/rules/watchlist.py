"""Section 6: watchlists."""

import asyncio

from kit.apps import PLAIN
from kit.socket import PATIENCE, Message, Socket, holds, same
from kit.trial import Trial, rule

EVENTS = "pusher_internal:watchlist_events"


def told(socket: Socket) -> list[tuple[str, str]]:
    """What a socket was told of the users it watches: the state and the user, in order."""
    return [
        (entry["name"], user) for one in socket.messages if one.event == EVENTS for entry in one.json()["events"]
        for user in entry.get("user_ids", [])]


def is_well_formed(message: Message) -> None:
    same(sorted(message.fields), ["data", "event"], "an envelope without a channel")
    events = message.json()["events"]
    holds(events and {entry["name"] for entry in events} <= {"online", "offline"}, message.text)
    for entry in events:
        same(sorted(entry), ["name", "user_ids"])
        holds(all(isinstance(user, str) for user in entry["user_ids"]), message.text)


async def knows(socket: Socket, *wanted: tuple[str, str]) -> None:
    await socket.wait(lambda: len(told(socket)) >= len(wanted), f"{wanted}, told were {told(socket)}")
    same(sorted(told(socket)), sorted(wanted))


@rule("3, 6", "after signin_success one watchlist_events tells who is online and who offline; it has no channel")
async def watchlist_first(t: Trial) -> None:
    watcher, there, away = t.user(), t.user(), t.user()
    other = await t.open(1)
    await other.sign_in(there)
    socket = await t.open()
    await socket.sign_in(watcher, watchlist=[there, away])
    message = await socket.next(EVENTS)
    is_well_formed(message)
    same(sorted(told(socket)), sorted([("online", there), ("offline", away)]))


@rule("6", "a user is online from the first connection in the cluster to the last: one message per change to every watcher")
async def watchlist_changes(t: Trial) -> None:
    watched, probe = t.user(), t.user()
    watchers = await t.members(2 * t.count)
    names = [t.user() for _ in range(t.count)]

    async def each_hears(state: str, user: str) -> None:
        for socket in watchers:
            message = await socket.next(EVENTS)
            is_well_formed(message)
            same(message.json()["events"], [{"name": state, "user_ids": [user]}])

    for number, socket in enumerate(watchers):
        # Two connections of each watching user.
        await socket.sign_in(names[number % t.count], watchlist=[watched, probe])
        await socket.next(EVENTS)
    first, second, fence = await t.open(0), await t.open(1), await t.open(2)
    await first.sign_in(watched)
    await each_hears("online", watched)
    await second.sign_in(watched)
    first.close()
    await first.ended()
    # A fence: of the second that came and the first that left nobody has heard when this is heard.
    await fence.sign_in(probe)
    await each_hears("online", probe)
    second.abort()
    await each_hears("offline", watched)
    fence.close()
    await each_hears("offline", probe)
    for socket in watchers:
        same(await socket.fence(), [], "more than the changes")


@rule("6", "who is on nobody's watchlist is told to nobody, not even to oneself")
async def not_watched(t: Trial) -> None:
    watched, stranger, watcher = t.user(), t.user(), t.user()
    socket = await t.open()
    await socket.sign_in(watcher, watchlist=[watched])
    await knows(socket, ("offline", watched))
    for node in range(t.count):
        other = await t.open(node)
        await other.sign_in(stranger)
        other.close()
        await other.ended()
    again = await t.open(1)
    await again.sign_in(watcher)
    late = await t.open(2)
    await late.sign_in(watched)
    await knows(socket, ("offline", watched), ("online", watched))


@rule("6", "whose watchlist is empty or missing gets no watchlist_events")
async def empty_watchlist(t: Trial) -> None:
    one, two = await t.open(), await t.open(1)
    await one.sign_in(t.user(), watchlist=[])
    await two.sign_in(t.user())
    for socket in (one, two):
        same([message.event for message in await socket.fence()], [])


@rule("6, 12", "of a watchlist the first 100 are watched; more is told as pusher:error 4302, and the sign-in succeeds")
async def watchlist_limit(t: Trial) -> None:
    users = [t.user() for _ in range(101)]
    whole = await t.open()
    await whole.sign_in(t.user(), watchlist=users[:100])
    await whole.next(EVENTS)
    same(len(told(whole)), 100)
    same([one.event for one in whole.messages if one.event == "pusher:error"], [], "errors at the limit")
    socket = await t.open()
    await socket.sign_in(t.user(), watchlist=users)
    await socket.wait(lambda: len(told(socket)) >= 100, "100 users")
    await socket.wait(lambda: any(one.event == "pusher:error" for one in socket.messages), "an error")
    same([one.data["code"] for one in socket.messages if one.event == "pusher:error"], [4302])
    same(sorted(told(socket)), sorted(("offline", user) for user in users[:100]))
    beyond, last = await t.open(1), await t.open(1)
    await beyond.sign_in(users[100])
    await last.sign_in(users[99])
    await socket.wait(lambda: ("online", users[99]) in told(socket), "the last who is watched")
    holds(("online", users[100]) not in told(socket), "the 101st is watched")


@rule("6, 12", "a watchlist of 100 ids that are as long as ids may be is taken")
async def watchlist_of_long_ids(t: Trial) -> None:
    users = [(t.user() + "x" * 128)[:128] for _ in range(100)]
    socket, other = await t.open(), await t.open(1)
    await socket.sign_in(t.user(), watchlist=users)
    await socket.wait(lambda: len(told(socket)) >= 100, "100 users")
    await other.sign_in(users[99])
    await socket.wait(lambda: ("online", users[99]) in told(socket), "the last of them")


@rule("6", "without the app's switch there are no watchlist_events")
async def watchlist_off(t: Trial) -> None:
    watched = t.user()
    socket, other = await t.open(app=PLAIN), await t.open(1, PLAIN)
    await socket.sign_in(t.user(), watchlist=[watched])
    await other.sign_in(watched)
    channel = f"#server-to-user-{watched}"
    await other.subscribe(channel)
    await t.mark(channel, [other], app=PLAIN)
    same([one.event for one in await socket.fence()], [])


@rule("6", "watchlists that are signed in while users come and go know in the end who is there")
async def watchlist_races(t: Trial) -> None:
    users = [t.user() for _ in range(6)]

    async def flicker(number: int, user: str) -> Socket:
        for turn in range(4):
            socket = await t.open(number + turn)
            await socket.sign_in(user)
            socket.close()
            await socket.ended()
        last = await t.open(number)
        await last.sign_in(user)
        if number % 2:
            last.close()
        return last

    moving = [t.task(flicker(number, user)) for number, user in enumerate(users)]
    watchers = []
    for number in range(2 * t.count):
        watcher = await t.open(number)
        await watcher.sign_in(t.user(), watchlist=users)
        watchers.append(watcher)
    await asyncio.gather(*moving)
    wanted = {user: "offline" if number % 2 else "online" for number, user in enumerate(users)}
    for watcher in watchers:
        await watcher.wait(lambda: {user: state for state, user in told(watcher)} == wanted, "the last word of all", PATIENCE)
