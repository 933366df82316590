"""Section 11: webhooks, at a receiver that keeps their bytes."""

import asyncio
import json
import time
from itertools import pairwise

from kit import signing
from kit.apps import ALL, BATCHED, CHOOSY, COUNTED, FLAKY, HOOKED
from kit.hooks import Delivery
from kit.socket import holds, same
from kit.trial import Trial, rule

HELD_SECONDS = 3


def is_well_formed(one: Delivery) -> None:
    """Method, fields, signature and time of a delivery."""
    app = next(app for app in ALL if app.id == one.app)
    same(one.method, "POST")
    same(one.fields.get("content-type"), "application/json", "content type")
    same(one.fields.get("x-pusher-key"), app.key, "X-Pusher-Key")
    same(one.fields.get("x-pusher-signature"), signing.hexadecimal(app.secret, one.body), "X-Pusher-Signature")
    told = json.loads(one.body)
    same(sorted(told), ["events", "time_ms"])
    holds(isinstance(told["time_ms"], int) and abs(told["time_ms"] - one.clock) < 60_000, f"{told['time_ms']} at {one.clock}")
    holds(told["events"], "no events")


@rule("11", "channel_occupied is told once for the cluster, channel_vacated once when the last has left; one event per request")
async def occupied_and_vacated(t: Trial) -> None:
    channel = t.room("private-")
    sockets = await t.audience(channel, 3, HOOKED)
    same(await t.hooks.until(HOOKED.id, channel, "channel_occupied"), [{"name": "channel_occupied", "channel": channel}])
    sockets[0].leave(channel)
    sockets[1].close()
    await sockets[1].ended()
    await t.mark(channel, sockets[2:], app=HOOKED)
    sockets[2].abort()
    same(await t.hooks.until(HOOKED.id, channel, "channel_vacated", seconds=20),
         [{"name": "channel_vacated", "channel": channel}])
    same([event["name"] for event in t.hooks.told(HOOKED.id, channel)
          if event["name"].startswith("channel_")], ["channel_occupied", "channel_vacated"])
    for delivery in t.hooks.of(HOOKED.id, channel):
        is_well_formed(delivery)
        same(len(delivery.events), 1, "events of a request")


@rule("11", "of a channel that was occupied for a moment both is told, that it was and that it is not, or neither")
async def occupied_for_a_moment(t: Trial) -> None:
    names = [t.room("private-") for _ in range(12)]
    for number, name in enumerate(names):
        socket = await t.open(number, HOOKED)
        await socket.subscribe(name)
        socket.abort()
    fence = t.room("private-")
    (socket,) = await t.audience(fence, 1, HOOKED)
    await t.hooks.until(HOOKED.id, fence, "channel_occupied")
    socket.close()
    await t.hooks.until(HOOKED.id, fence, "channel_vacated", seconds=20)
    for name in names:
        told = [event["name"] for event in t.hooks.told(HOOKED.id, name)]
        holds(told in ([], ["channel_occupied", "channel_vacated"]), told)


@rule("11", "each kind of channel is occupied and vacated")
async def occupied_kinds(t: Trial) -> None:
    names = [t.room(prefix) for prefix in ("", "private-", "presence-", "cache-", "private-encrypted-")]
    socket = await t.open(app=HOOKED)
    for name in names:
        if name.startswith("presence-"):
            await socket.join(name, "7")
        else:
            await socket.subscribe(name)
    for name in names:
        await t.hooks.until(HOOKED.id, name, "channel_occupied")
    socket.close()
    for name in names:
        await t.hooks.until(HOOKED.id, name, "channel_vacated", seconds=20)


@rule("11", "channel_vacated is held back and dropped when somebody is back by then, at whatever node")
async def vacated_held_back(t: Trial) -> None:
    channel, other = t.room("private-"), t.room("private-")
    await t.audience(channel, 1, HOOKED)
    await t.hooks.until(HOOKED.id, channel, "channel_occupied")
    for number in range(3):
        back = await t.open(number + 1, HOOKED)
        t.sockets[-2].close()
        await t.sockets[-2].ended()
        await back.subscribe(channel)
    # The fence: a channel that is left for good now is vacated later than this one would have been.
    (leaving,) = await t.audience(other, 1, HOOKED)
    await t.hooks.until(HOOKED.id, other, "channel_occupied")
    leaving.close()
    await t.hooks.until(HOOKED.id, other, "channel_vacated", seconds=20)
    same([event["name"] for event in t.hooks.told(HOOKED.id, channel)], ["channel_occupied"])


@rule("11", "member_added and member_removed are told once per user for the cluster, with user_id")
async def member_hooks(t: Trial) -> None:
    channel = t.room("presence-")
    one, two, other = await t.members(3, HOOKED)
    await one.join(channel, "7")
    await two.join(channel, "7")
    await other.join(channel, "8")
    await t.hooks.until(HOOKED.id, channel, "member_added", 2)
    one.close()
    await one.ended()
    await t.mark(channel, [two, other], app=HOOKED)
    two.abort()
    same(await t.hooks.until(HOOKED.id, channel, "member_removed", seconds=20),
         [{"name": "member_removed", "channel": channel, "user_id": "7"}])
    other.leave(channel)
    await t.hooks.until(HOOKED.id, channel, "channel_vacated", seconds=20)
    told = t.hooks.told(HOOKED.id, channel, "member_added", "member_removed")
    same(sorted((event["name"], event["user_id"]) for event in told), [
        ("member_added", "7"), ("member_added", "8"), ("member_removed", "7"), ("member_removed", "8")])
    for delivery in t.hooks.of(HOOKED.id, channel):
        is_well_formed(delivery)


@rule("11", "member_removed is held back and dropped when the user is back by then")
async def member_back(t: Trial) -> None:
    channel, other = t.room("presence-"), t.room("presence-")
    watcher, leaving = await t.members(2, HOOKED)
    await watcher.join(channel, "watcher")
    await leaving.join(channel, "7")
    await t.hooks.until(HOOKED.id, channel, "member_added", 2)
    leaving.close()
    await leaving.ended()
    back = await t.open(2, HOOKED)
    await back.join(channel, "7")
    fence = await t.open(app=HOOKED)
    await fence.join(other, "9")
    await t.hooks.until(HOOKED.id, other, "member_added")
    fence.close()
    await t.hooks.until(HOOKED.id, other, "member_removed", seconds=20)
    same([event["user_id"] for event in t.hooks.told(HOOKED.id, channel, "member_removed")], [])


@rule("7, 11", "a cache miss is told once, not once per subscriber")
async def cache_miss_hook(t: Trial) -> None:
    channel = t.room("cache-")
    sockets = await t.members(6, HOOKED)
    for socket in sockets:
        socket.ask(channel)
    for socket in sockets:
        await socket.until("pusher:cache_miss", channel)
    same(await t.hooks.until(HOOKED.id, channel, "cache_miss"), [{"name": "cache_miss", "channel": channel}])
    other = t.room("cache-")
    late = await t.open(app=HOOKED)
    await late.subscribe(other)
    await t.hooks.until(HOOKED.id, other, "cache_miss")
    same(len(t.hooks.told(HOOKED.id, channel, "cache_miss")), 1, "misses told")


@rule("5, 11", "a client event is told with channel, event, data as a string, socket_id, and user_id on presence channels only")
async def client_event_hook(t: Trial) -> None:
    private, presence = t.room("private-"), t.room("presence-")
    socket = await t.open(app=HOOKED)
    await socket.subscribe(private)
    await socket.join(presence, "7")
    socket.send_text('{"event":"client-a","channel":"%s","data":{"z":1.0,"a":[1]}}' % private)
    (told,) = await t.hooks.until(HOOKED.id, private, "client_event")
    same(json.loads(told.pop("data")), {"z": 1.0, "a": [1]})
    same(told, {"name": "client_event", "channel": private, "event": "client-a", "socket_id": socket.socket_id})
    socket.send("client-b", "text", channel=presence, user_id="root")
    (told,) = await t.hooks.until(HOOKED.id, presence, "client_event")
    holds(told.pop("data") in ("text", '"text"'), told)
    same(told, {
        "name": "client_event", "channel": presence, "event": "client-b", "socket_id": socket.socket_id, "user_id": "7"})


@rule("5, 11", "a client event that is refused is not told")
async def refused_event_not_told(t: Trial) -> None:
    channel = t.room("private-")
    sender, other = await t.audience(channel, 2, HOOKED)
    sender.send("client-" + "x" * 200, {}, channel=channel)
    await sender.until("pusher:error")
    stranger = await t.open(app=HOOKED)
    stranger.send("client-outside", {}, channel=channel)
    await stranger.fence()
    other.send("client-fence", {}, channel=channel)
    await t.hooks.until(HOOKED.id, channel, "client_event")
    same([event["event"] for event in t.hooks.told(HOOKED.id, channel, "client_event")], ["client-fence"])


@rule("11", "subscription_count is told with the channel and the count")
async def count_hook(t: Trial) -> None:
    channel = t.room()
    await t.audience(channel, 3, COUNTED)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 12
    while not (told := t.hooks.told(COUNTED.id, channel)) or told[-1]["subscription_count"] != 3:
        holds(loop.time() < deadline, told)
        await asyncio.sleep(0.05)
    for event in told:
        same(sorted(event), ["channel", "name", "subscription_count"])
        same(event["name"], "subscription_count")
    for delivery in t.hooks.of(COUNTED.id, channel):
        is_well_formed(delivery)


@rule("11", "only what the app asked for is told, signed as it is sent; a vacated channel is held back for 3 s at most")
async def chosen_only(t: Trial) -> None:
    channel = t.room("private-cache-")
    (socket,) = await t.audience(channel, 1, CHOOSY)
    await t.hooks.until(CHOOSY.id, channel, "cache_miss")
    left = time.monotonic()
    socket.close()
    await t.hooks.until(CHOOSY.id, channel, "channel_vacated", seconds=20)
    held = t.hooks.of(CHOOSY.id, channel)[-1].at - left
    holds(held < HELD_SECONDS + 4, f"held back for {held:.1f} s")
    same([event["name"] for event in t.hooks.told(CHOOSY.id, channel)], ["cache_miss", "channel_vacated"])
    for delivery in t.hooks.of(CHOOSY.id, channel):
        is_well_formed(delivery)


@rule("11", "with batching on one request carries several events")
async def batching(t: Trial) -> None:
    names = [t.room("private-") for _ in range(30)]
    socket = await t.open(app=BATCHED)
    for name in names:
        socket.ask(name)
    for name in names:
        await t.hooks.until(BATCHED.id, name, "channel_occupied")
    requests = [one for one in t.hooks.deliveries if one.app == BATCHED.id]
    holds(max(len(one.events) for one in requests) > 1, f"{len(requests)} requests of one event each")
    for delivery in requests:
        is_well_formed(delivery)
    for name in names:
        same(len(t.hooks.told(BATCHED.id, name, "channel_occupied")), 1, name)


@rule("11", "what is not answered with 2xx is sent again, later and later, with a new time; after a 2xx never more", seconds=60)
async def retried(t: Trial) -> None:
    # The first three requests are refused: as an outage of the receiver.
    t.hooks.answers[FLAKY.id] = lambda count: (500, 404, 302)[count] if count < 3 else 204
    channel, other = t.room("private-"), t.room("private-")
    await t.audience(channel, 1, FLAKY)
    await t.hooks.until(FLAKY.id, channel, "channel_occupied", 4, 45)
    tries = t.hooks.of(FLAKY.id, channel)
    for delivery in tries:
        is_well_formed(delivery)
    same([one.status for one in tries], [500, 404, 302, 204])
    gaps = [after.at - before.at for before, after in pairwise(tries)]
    holds(gaps[2] > gaps[0] * 1.2, f"no growing pauses: {[round(gap, 2) for gap in gaps]}")
    holds(gaps[0] > 0.05, f"at once again: {gaps}")
    await t.audience(other, 1, FLAKY)
    await t.hooks.until(FLAKY.id, other, "channel_occupied")
    same(len(t.hooks.told(FLAKY.id, channel)), 4, "deliveries")


@rule("11", "nothing is delivered twice that was answered with 200", part="last")
async def delivered_once(t: Trial) -> None:
    seen: dict[str, int] = {}
    for one in t.hooks.deliveries:
        if one.app == HOOKED.id:
            for event in one.events:
                if event["name"] in ("channel_occupied", "channel_vacated", "cache_miss"):
                    key = f"{event['name']} {event['channel']}"
                    seen[key] = seen.get(key, 0) + 1
    holds(seen, "nothing was delivered at all")
    same({key: count for key, count in seen.items() if count > 1}, {})


@rule("11", "an app without webhooks tells nothing", part="last")
async def no_hooks(t: Trial) -> None:
    told = {one.app for one in t.hooks.deliveries}
    holds(told, "nothing was delivered at all")
    holds(told <= {HOOKED.id, BATCHED.id, CHOOSY.id, FLAKY.id, COUNTED.id}, told)
