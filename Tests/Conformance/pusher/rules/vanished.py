"""Sections 3, 4, 6 and 10: nothing stays of who vanished, alone or with a node."""

import asyncio
import json

from kit import signing
from kit.socket import Socket, holds, same
from kit.trial import Trial, rule

from rules.presence import REMOVED, changes, eventually_users
from rules.queries import asked, becomes
from rules.watchlist import told


@rule("3, 4", "who vanishes while it joins and signs in leaves no ghost: no member, no occupied channel, nobody online")
async def ghosts(t: Trial) -> None:
    presence, private, users = t.room("presence-"), t.room("private-"), [t.user() for _ in range(4)]
    watcher = await t.open()
    await watcher.sign_in(t.user(), watchlist=users)
    await watcher.join(presence, "watcher")
    sockets: list[Socket] = await t.members(36)
    for number, socket in enumerate(sockets):
        data = json.dumps({"id": users[number % 4]})
        socket.send("pusher:signin", {
            "auth": signing.user_auth(socket.app, socket.socket_id, data), "user_data": data})
        socket.ask(presence, json.dumps({"user_id": f"g{number % 12}"}))
        socket.ask(private)
        if number % 2:
            await asyncio.sleep(0)
            socket.close()
        else:
            socket.abort()
    for node in range(t.count):
        await eventually_users(t, presence, ["watcher"], node)
        await becomes(lambda: asked(t, f"/channels/{private}", node), {"occupied": False})

    def online() -> set[str]:
        last = {user: state for state, user in told(watcher)}
        return {user for user, state in last.items() if state == "online"}
    await watcher.wait(lambda: len(told(watcher)) >= 4 and not online(), "nobody online")
    await t.mark(presence, [watcher], 1)
    there: set[str] = set()
    for what, user in changes(watcher, presence):
        holds((what == "removed") == (user in there), f"{what} {user} in {changes(watcher, presence)}")
        there ^= {user}
    same(there, set())


@rule("3, 4", "who was at a node that died is removed: the others are told, and the lists forget them", part="last", seconds=90)
async def node_died(t: Trial) -> None:
    if t.count == 1:
        return
    channel, user = t.room("presence-"), t.user()
    watcher, stays = await t.open(0), await t.open(1)
    await watcher.join(channel, "watcher")
    await stays.join(channel, "both")
    await watcher.sign_in(t.user(), watchlist=[user])
    lost, also = await t.open(-1 % t.count), await t.open(-1 % t.count)
    await lost.join(channel, "lost")
    await lost.sign_in(user)
    await also.join(channel, "both")
    await watcher.wait(lambda: ("added", "lost") in changes(watcher, channel), "added")
    node = t.world.cluster.nodes[-1]
    await node.process.kill()
    try:
        await watcher.until(REMOVED, channel, 60)
        await eventually_users(t, channel, ["both", "watcher"])
        await t.mark(channel, [watcher, stays], 1)
        same(changes(watcher, channel)[-1], ("removed", "lost"))
        holds(("removed", "both") not in changes(watcher, channel), "the one with a connection elsewhere is removed")
        await watcher.wait(lambda: any(
            one.event == "pusher_internal:watchlist_events" and one.json()["events"][0] == {"name": "offline", "user_ids": [user]}
            for one in watcher.messages[-4:]), "the watched user is offline", 30)
    finally:
        node.start()
        await node.ready()
