"""Section 4: presence channels, their members, and who is told of them."""

import asyncio
import json

from kit.apps import MAIN, PLAIN
from kit.socket import Broken, Socket, holds, same
from kit.trial import Trial, rule

from rules.channels import refused

ADDED, REMOVED = "pusher_internal:member_added", "pusher_internal:member_removed"


def changes(socket: Socket, channel: str) -> list[tuple[str, str]]:
    """What a socket was told of members, in order."""
    return [
        (one.event.removeprefix("pusher_internal:member_"), one.json()["user_id"])
        for one in socket.heard(channel, ADDED, REMOVED)]


async def users(t: Trial, channel: str, node: int = 0) -> list[str]:
    """Who is there, as the HTTP API says."""
    answer = await t.api(node).get(f"/channels/{channel}/users")
    same(answer.status, 200, answer.body)
    return sorted(one["id"] for one in answer.json()["users"])


async def eventually_users(t: Trial, channel: str, wanted: list[str], node: int = 0) -> None:
    async with asyncio.timeout(12):
        while await users(t, channel, node) != wanted:
            await asyncio.sleep(0.05)


@rule("3, 4", "the success of a presence channel holds count, ids and hash, and the subscriber is in it already")
async def presence_success(t: Trial) -> None:
    channel = t.room("presence-")
    socket = await t.open()
    presence = await socket.join(channel, "7", {"name": "Ada"})
    same(presence, {"count": 1, "ids": ["7"], "hash": {"7": {"name": "Ada"}}})
    other = await t.open(1)
    presence = await other.join(channel, "8", {"name": "Bob"})
    same(presence["count"], 2)
    same(sorted(presence["ids"]), ["7", "8"])
    same(presence["hash"], {"7": {"name": "Ada"}, "8": {"name": "Bob"}})


@rule("4", "a user_id that is a number becomes its decimal text")
async def number_as_id(t: Trial) -> None:
    for node, (text, wanted) in enumerate((("7", "7"), ("0", "0"), ("12345678901234", "12345678901234"), ("-5", "-5"))):
        channel = t.room("presence-")
        socket, other = await t.open(node), await t.open(node + 1)
        await socket.join(channel, "first")
        presence = (await other.subscribe(channel, '{"user_id":%s}' % text)).json()["presence"]
        same(sorted(presence["ids"]), sorted(["first", wanted]))
        same(sorted(presence["hash"]), sorted(["first", wanted]))
        added = await socket.until(ADDED, channel)
        same(added.json()["user_id"], wanted)
        # The number and its text are the same user.
        again = await t.open()
        same((await again.join(channel, wanted))["count"], 2)


@rule("4", "a user_id may be any text: what other parts use as a separator is nothing special")
async def strange_ids(t: Trial) -> None:
    channel = t.room("presence-")
    ids = [
        'a"b', "a\\b", "a:b", "a|b", "a,b", "a b", "a\nb", "a\u0000b", "é😀", "{}", "null", "-", "a/../b", "%41", "*",
        "\u2028"]
    watcher = await t.open()
    await watcher.join(channel, "watcher")
    sockets = await t.members(len(ids))
    for socket, user in zip(sockets, ids):
        presence = await socket.join(channel, user, {"id": user})
        same(presence["hash"][user], {"id": user})
    for user in ids:
        await watcher.wait(lambda: ("added", user) in changes(watcher, channel), f"{user!r}")
    await eventually_users(t, channel, sorted([*ids, "watcher"]), 1)
    for socket in sockets:
        socket.leave(channel)
    for user in ids:
        await watcher.wait(lambda: ("removed", user) in changes(watcher, channel), f"{user!r}")
    same(len(changes(watcher, channel)), 2 * len(ids))


@rule("4", "user_info may be any JSON; where there is none the hash has null")
async def any_info(t: Trial) -> None:
    for info in ('{"a":{"b":[1,2.50]}}', '"text"', "[1,2]", "7", "true", "null", '""', "{}", None):
        channel = t.room("presence-")
        socket, other = await t.open(), await t.open(1)
        await socket.join(channel, "first")
        data = '{"user_id":"7"%s}' % ("" if info is None else f',"user_info":{info}')
        presence = (await other.subscribe(channel, data)).json()["presence"]
        wanted = None if info is None else json.loads(info)
        holds("7" in presence["hash"], presence)
        same(presence["hash"]["7"], wanted, info or "none")
        added = (await socket.until(ADDED, channel)).json()
        same(added.get("user_info"), wanted, f"member_added with {info}")
        same((await (await t.open(2)).join(channel, "third"))["hash"]["7"], wanted, f"elsewhere with {info}")


@rule("4", "channel_data that is no object with a user_id is refused")
async def bad_member(t: Trial) -> None:
    socket = await t.open()
    channel = t.room("presence-")
    for data in (
            "nothing", "{", "[]", '"7"', "7", "null", "{}", '{"user_info":{}}', '{"user_id":null}', '{"user_id":{}}',
            '{"user_id":["7"]}', '{"user_id":true}', '{"USER_ID":"7"}', '{"user_id":"7"', '{"user_id":"7"}}'):
        await refused(socket, channel, auth=socket.auth(channel, data), channel_data=data)
    await refused(socket, channel, auth=socket.auth(channel))


@rule("4, 6", "without channel_data a signed-in connection joins as its user, with that user's id and user_info")
async def member_by_sign_in(t: Trial) -> None:
    channel, user = t.room("presence-"), t.user()
    socket, other = await t.open(), await t.open(1)
    await other.join(channel, "first")
    await socket.sign_in(user, user_info={"name": "Ada"})
    presence = (await socket.subscribe(channel)).json()["presence"]
    same(sorted(presence["ids"]), sorted(["first", user]))
    same(presence["hash"][user], {"name": "Ada"})
    same((await other.until(ADDED, channel)).json(), {"user_id": user, "user_info": {"name": "Ada"}})


@rule("3, 4", "member_added goes to the others on all nodes with user_id and user_info, and not to who joins")
async def added_to_others(t: Trial) -> None:
    channel = t.room("presence-")
    sockets = await t.members(3)
    for number, socket in enumerate(sockets):
        await socket.join(channel, str(number))
    joining = await t.open(1)
    await joining.join(channel, "new", {"x": 1})
    for socket in sockets:
        await socket.wait(lambda: ("added", "new") in changes(socket, channel), "the new one")
        message = socket.heard(channel, ADDED)[-1]
        same(message.json(), {"user_id": "new", "user_info": {"x": 1}})
        same(sorted(message.fields), ["channel", "data", "event"])
    await t.mark(channel, [joining, *sockets])
    same(changes(joining, channel), [], "told to who joined last")
    for number, socket in enumerate(sockets):
        same(sorted(changes(socket, channel)), sorted(
            [("added", str(later)) for later in range(number + 1, 3)] + [("added", "new")]), f"told to {number}")


@rule("3, 4", "a second connection of a user, anywhere in the cluster, is told to nobody; neither is the end of one of two")
async def second_connection(t: Trial) -> None:
    channel = t.room("presence-")
    watcher, first, second = await t.members(3)
    await watcher.join(channel, "watcher")
    await first.join(channel, "7")
    same((await second.join(channel, "7"))["count"], 2, "distinct users")
    third = await t.open(2)
    same((await third.join(channel, "7"))["count"], 2, "distinct users")
    first.leave(channel)
    third.abort()
    await watcher.until(ADDED, channel)
    for node in range(t.count):
        await t.mark(channel, [watcher, second], node)
    await eventually_users(t, channel, ["7", "watcher"])
    same(changes(watcher, channel), [("added", "7")])
    second.close()
    same((await watcher.until(REMOVED, channel)).json(), {"user_id": "7"})
    same(changes(watcher, channel), [("added", "7"), ("removed", "7")])


@rule("3, 4", "member_removed is told on all nodes when the last connection leaves: by unsubscribe, by close, by a lost network")
async def removed(t: Trial) -> None:
    channel = t.room("presence-")
    sockets = await t.members(3)
    for number, socket in enumerate(sockets):
        await socket.join(channel, f"stays-{number}")
    for number, end in enumerate((lambda one: one.leave(channel), Socket.close, Socket.abort)):
        leaving = await t.open(number)
        await leaving.join(channel, f"leaves-{number}")
        for socket in sockets:
            await socket.wait(lambda: ("added", f"leaves-{number}") in changes(socket, channel), "added")
        end(leaving)
        for socket in sockets:
            message = await socket.until(REMOVED, channel)
            same(message.json(), {"user_id": f"leaves-{number}"}, message.text)
            same(sorted(message.fields), ["channel", "data", "event"])
        await eventually_users(t, channel, ["stays-0", "stays-1", "stays-2"], number)


@rule("4", "a member who subscribes twice is one, and has left with one unsubscribe")
async def presence_twice(t: Trial) -> None:
    channel = t.room("presence-")
    watcher, socket = await t.members(2)
    await watcher.join(channel, "watcher")
    for _ in range(3):
        same((await socket.join(channel, "7"))["count"], 2)
    socket.leave(channel)
    await watcher.until(REMOVED, channel)
    same(changes(watcher, channel), [("added", "7"), ("removed", "7")])


@rule("4", "leave and join back to back ends inside, and what the others were told agrees with it")
async def leave_and_join(t: Trial) -> None:
    channel = t.room("presence-")
    watcher, socket = await t.members(2)
    await watcher.join(channel, "watcher")
    await socket.join(channel, "7")
    for _ in range(10):
        socket.leave(channel)
        socket.ask(channel, '{"user_id":"7"}')
    socket.leave(channel)
    await socket.join(channel, "7")
    await eventually_users(t, channel, ["7", "watcher"])
    for _ in range(3):
        await t.mark(channel, [watcher, socket], 1)
    told = changes(watcher, channel)
    same(told[0::2], [("added", "7")] * len(told[0::2]), "in turn")
    same(told[1::2], [("removed", "7")] * len(told[1::2]), "in turn")
    same(told[-1], ("added", "7"), "the last")
    same(changes(socket, channel), [], "told to who left and joined")


@rule("4", "join and leave back to back ends outside")
async def join_and_leave(t: Trial) -> None:
    channel = t.room("presence-")
    watcher, socket = await t.members(2)
    await watcher.join(channel, "watcher")
    for _ in range(10):
        socket.ask(channel, '{"user_id":"7"}')
        socket.leave(channel)
    await socket.fence()
    await eventually_users(t, channel, ["watcher"])
    await t.mark(channel, [watcher], 1)
    told = changes(watcher, channel)
    same([what for what, _ in told], ["added", "removed"] * (len(told) // 2), "in turn, ends outside")


@rule("4", "who joins while others come and go knows, with what it is told later, exactly who is there")
async def list_and_changes_agree(t: Trial) -> None:
    channel = t.room("presence-")
    stayer, *moving = await t.members(5)
    await stayer.join(channel, "stayer")

    async def move(number: int, socket: Socket) -> None:
        for _ in range(8):
            await socket.join(channel, f"m{number}")
            socket.leave(channel)
            await socket.fence()
        if number % 2:
            await socket.join(channel, f"m{number}")

    moves = [t.task(move(number, socket)) for number, socket in enumerate(moving)]
    late: list[tuple[Socket, dict]] = []
    for number in range(9):
        socket = await t.open(number)
        late.append((socket, await socket.join(channel, "late")))
    await asyncio.gather(*moves)
    wanted = ["late", "m1", "m3", "stayer"]
    await eventually_users(t, channel, wanted)
    for node in range(t.count):
        await t.mark(channel, [stayer, *(socket for socket, _ in late)], node)
    for socket, presence in late:
        there = set(presence["ids"])
        same(len(there), presence["count"], "count")
        for what, user in changes(socket, channel):
            if what == "added":
                there.add(user)
            else:
                there.discard(user)
        same(sorted(there), wanted, "the list and all changes")


@rule("4, 12", "a user_id has at most 128 characters: at the limit in, one beyond LimitReached 4301")
async def id_length(t: Trial) -> None:
    socket = await t.open()
    channel = t.room("presence-")
    same((await socket.join(channel, "u" * 128))["ids"], ["u" * 128])
    channel = t.room("presence-")
    data = json.dumps({"user_id": "u" * 129})
    told = await refused(socket, channel, auth=socket.auth(channel, data), channel_data=data)
    same((told["type"], told["status"]), ("LimitReached", 4301))


@rule("4, 12", "user_info has at most 1 KB as JSON text: at the limit in, one beyond LimitReached 4301")
async def info_size(t: Trial) -> None:
    socket = await t.open()
    channel = t.room("presence-")
    info = '{"x":"%s"}' % ("y" * (1024 - 8))
    same(len(info), 1024)
    await socket.subscribe(channel, '{"user_id":"7","user_info":%s}' % info)
    channel = t.room("presence-")
    data = '{"user_id":"7","user_info":{"x":"%s"}}' % ("y" * (1025 - 8))
    told = await refused(socket, channel, auth=socket.auth(channel, data), channel_data=data)
    same((told["type"], told["status"]), ("LimitReached", 4301))


@rule("4, 12", "a channel has at most 100 distinct members: the next is LimitReached 4100, one who is there comes in again")
async def member_limit(t: Trial) -> None:
    channel = t.room("presence-")
    sockets = await t.members(102)
    for number in range(0, 100, 25):
        await asyncio.gather(*(
            socket.join(channel, f"m{number + index}") for index, socket in enumerate(sockets[number:number + 25])))
    data = json.dumps({"user_id": "one-too-many"})
    told = await refused(sockets[100], channel, auth=sockets[100].auth(channel, data), channel_data=data)
    same((told["type"], told["status"]), ("LimitReached", 4100))
    same((await sockets[101].join(channel, "m5"))["count"], 100)
    sockets[0].leave(channel)
    await sockets[1].until(REMOVED, channel)
    same((await sockets[100].join(channel, "one-too-many"))["count"], 100)


@rule("4, 12", "the limits of a member hold for who joins as the signed-in user, if such a one may sign in")
async def limits_of_signed_in(t: Trial) -> None:
    for user, more in (((t.user() + "x" * 129)[:129], {}), (t.user(), {"user_info": {"x": "y" * 1025}})):
        socket, channel = await t.open(), t.room("presence-")
        try:
            await socket.sign_in(user, **more)
        except Broken:
            continue
        told = await refused(socket, channel, auth=socket.auth(channel))
        same((told["type"], told["status"]), ("LimitReached", 4301))


@rule("3, 4", "one user who joins from all nodes at the same moment is added once, and removed once")
async def same_moment(t: Trial) -> None:
    channel = t.room("presence-")
    watchers = await t.members(t.count)
    for number, watcher in enumerate(watchers):
        await watcher.join(channel, f"w{number}")
    sockets = await t.members(4 * t.count)
    for turn in range(4):
        told = await asyncio.gather(*(socket.join(channel, f"u{turn}") for socket in sockets))
        same({presence["count"] for presence in told}, {t.count + 1})
        for socket in sockets:
            socket.leave(channel)
        for watcher in watchers:
            await watcher.wait(lambda: ("removed", f"u{turn}") in changes(watcher, channel), "removed")
    for node in range(t.count):
        await t.mark(channel, watchers, node)
    for watcher in watchers:
        same([change for change in changes(watcher, channel) if change[1].startswith("u")],
             [(what, f"u{turn}") for turn in range(4) for what in ("added", "removed")])


@rule("4", "members are scoped by app")
async def presence_scoped(t: Trial) -> None:
    channel = t.room("presence-")
    ours, theirs = await t.open(app=MAIN), await t.open(1, PLAIN)
    same((await ours.join(channel, "ours"))["ids"], ["ours"])
    same((await theirs.join(channel, "theirs"))["ids"], ["theirs"])
    await t.mark(channel, [ours])
    await t.mark(channel, [theirs], 1, PLAIN)
    same(changes(ours, channel) + changes(theirs, channel), [])


@rule("13", "echo's here() reads user_info values of the hash, and joining() and leaving() those of the events")
async def echo_here(t: Trial) -> None:
    channel = t.room("presence-")
    socket, other = await t.open(), await t.open(2)
    await socket.join(channel, "1", {"id": 1, "name": "Ada"})
    # Laravel's channel_data: the id is a number.
    data = '{"user_id":2,"user_info":{"id":2,"name":"Bob"}}'
    presence = (await other.subscribe(channel, data)).json()["presence"]
    same(sorted(info["name"] for info in presence["hash"].values()), ["Ada", "Bob"])
    same((await socket.until(ADDED, channel)).json()["user_info"]["name"], "Bob")
    other.close()
    same((await socket.until(REMOVED, channel)).json()["user_id"], "2")
