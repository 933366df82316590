"""Section 6: sign-in, server-to-user events, terminated users and connections that have to be authorized."""

import json
from urllib.parse import unquote

from kit import signing
from kit.apps import MAIN, PLAIN, STRICT
from kit.socket import Broken, Socket, holds, same
from kit.trial import Trial, rule

from rules.channels import refused

LIMIT = 100


def ask(socket: Socket, user_data: str, auth: str | None = None) -> None:
    socket.send("pusher:signin", {
        "auth": signing.user_auth(socket.app, socket.socket_id, user_data) if auth is None else auth,
        "user_data": user_data})


async def not_signed_in(socket: Socket) -> None:
    """Neither a success nor a channel of a user came of it."""
    holds(not [one for one in socket.messages if one.event == "pusher:signin_success"], socket.account())


@rule("3, 6", "signin_success has as data a string that holds user_data exactly as it was sent")
async def signed_in(t: Trial) -> None:
    for node, form in enumerate((
            '{"id": "%s", "watchlist": ["8", "9"]}', ' {"user_info":{"b":1.0,"a":1e2},"id":"%s"}\n',
            '{"id":"%s","x":"\\u00e9\\/é😀"}')):
        socket = await t.open(node)
        user_data = form % t.user()
        ask(socket, user_data)
        message = await socket.next("pusher:signin_success")
        same(message.json(), {"user_data": user_data})
        same(sorted(message.fields), ["data", "event"])


@rule("6", "a bad signature: pusher:error 4009, then a close with 4009")
async def bad_signature(t: Trial) -> None:
    user_data = json.dumps({"id": t.user()})
    another = await t.open()
    for make in (
            lambda one: "x", lambda one: "", lambda one: signing.user_auth(MAIN, another.socket_id, user_data),
            lambda one: signing.user_auth(MAIN, one.socket_id, user_data + " "),
            lambda one: signing.user_auth(PLAIN, one.socket_id, user_data),
            lambda one: f"{PLAIN.key}:{signing.user_auth(MAIN, one.socket_id, user_data).split(':')[1]}",
            # What is signed for a channel is no sign-in.
            lambda one: signing.channel_auth(MAIN, one.socket_id, user_data),
            lambda one: signing.user_auth(MAIN, one.socket_id, user_data)[:-1]):
        socket = await t.open()
        ask(socket, user_data, make(socket))
        error = await socket.next("pusher:error")
        same(error.data.get("code"), 4009, error.text)
        same(await socket.ended(), 4009, "the close frame's code")


@rule("6", "user_data has to be an object with an id that is a string and not empty")
async def bad_user_data(t: Trial) -> None:
    for user_data in (
            "nothing", "[]", '"7"', "7", "null", "{}", '{"id":7}', '{"id":""}', '{"id":null}', '{"id":["7"]}', '{"id":{}}',
            '{"id":true}', '{"ID":"7"}', '{"user_id":"7"}'):
        socket = await t.open()
        ask(socket, user_data)
        error = await socket.next("pusher:error")
        holds(isinstance(error.data, dict) and error.data.get("message"), error.text)
        await not_signed_in(socket)


@rule("6", "a sign-in without auth or user_data, or with other types, is an error and no success")
async def malformed_sign_in(t: Trial) -> None:
    for data in ({}, {"auth": "x"}, {"user_data": '{"id":"7"}'}, {"auth": 7, "user_data": '{"id":"7"}'}, [], "x",
                 {"auth": "x", "user_data": {"id": "7"}}):
        socket = await t.open()
        socket.send("pusher:signin", data)
        same((await socket.next()).event, "pusher:error")
        await not_signed_in(socket)


@rule("6", "who is signed in already can not become somebody else")
async def another_id(t: Trial) -> None:
    socket = await t.open()
    first, second = t.user(), t.user()
    await socket.sign_in(first)
    ask(socket, json.dumps({"id": second}))
    same((await socket.next()).event, "pusher:error")
    same(len([one for one in socket.messages if one.event == "pusher:signin_success"]), 1, "successes")
    other = await t.open()
    await other.sign_in(second)
    await other.subscribe(f"#server-to-user-{second}")
    if not socket.has_ended:
        socket.send("pusher:subscribe", {"channel": f"#server-to-user-{second}", "auth": ""})
        try:
            await socket.until("pusher_internal:subscription_succeeded", f"#server-to-user-{second}", 12)
        except Broken:
            return
        holds(False, "it hears what is for the other")


@rule("4, 6", "#server-to-user-{id} is for connections signed in with that id, with an empty auth")
async def user_channel(t: Trial) -> None:
    ada, bob = t.user(), t.user()
    socket = await t.open()
    channel = f"#server-to-user-{ada}"
    await refused(socket, channel, auth="")
    await refused(socket, channel, auth=socket.auth(channel))
    await socket.sign_in(ada)
    same((await socket.subscribe(channel)).data, "{}")
    for other in (f"#server-to-user-{bob}", f"#server-to-user-{ada}x", f"#server-to-user-{ada[:-1]}", "#server-to-user-"):
        await refused(socket, other, auth="")
        await refused(socket, other, auth=socket.auth(other))


@rule("6", "ids of users may have 200 characters, as python's SDK allows, and all of the channels' alphabet")
async def long_ids(t: Trial) -> None:
    for user in ((t.user() + "x" * 200)[:128], (t.user() + "x" * 200)[:200], t.user() + "AZ09_-=@,.;"):
        socket = await t.open()
        await socket.sign_in(user)
        await socket.subscribe(f"#server-to-user-{user}")
        await t.api(1).publish([f"#server-to-user-{user}"], "ev")
        await socket.next("ev", f"#server-to-user-{user}")


@rule("6", "user_info of a sign-in is not bounded as that of a member is")
async def large_user_info(t: Trial) -> None:
    socket = await t.open()
    await socket.sign_in(t.user(), user_info={"x": "y" * 2000})


@rule("6", "the user's channel may be asked for in the same segment as the sign-in, and as its member a presence channel")
async def sign_in_and_subscribe(t: Trial) -> None:
    user, presence = t.user(), t.room("presence-")
    for node in range(2 * t.count):
        socket = await t.open(node)
        ask(socket, json.dumps({"id": user}))
        socket.ask(f"#server-to-user-{user}")
        socket.ask(presence)
        await socket.until("pusher:signin_success")
        await socket.wait(lambda: len(socket.messages) >= 4, "three answers")
        # Each is answered when it is true everywhere, so in no order among each other.
        same(sorted(one.event for one in socket.messages[1:]), [
            "pusher:signin_success", "pusher_internal:subscription_succeeded", "pusher_internal:subscription_succeeded"])


@rule("6", "the state of a sign-in dies with its connection")
async def sign_in_ends(t: Trial) -> None:
    user = t.user()
    socket = await t.open()
    await socket.sign_in(user)
    await socket.subscribe(f"#server-to-user-{user}")
    socket.close()
    await socket.ended()
    again = await t.open()
    await refused(again, f"#server-to-user-{user}", auth="")
    await again.sign_in(user)
    await again.subscribe(f"#server-to-user-{user}")


@rule("6", "a publish to #server-to-user-{id} reaches all connections that are subscribed to it, on all nodes, and nobody else")
async def to_user(t: Trial) -> None:
    ada, bob = t.user(), t.user()
    adas, bobs = await t.members(2 * t.count), await t.members(t.count)
    for user, sockets in ((ada, adas), (bob, bobs)):
        for socket in sockets:
            await socket.sign_in(user)
            await socket.subscribe(f"#server-to-user-{user}")
    stranger = await t.open(app=PLAIN)
    await stranger.sign_in(ada)
    await stranger.subscribe(f"#server-to-user-{ada}")
    for node in range(t.count):
        await t.api(node).publish(f"#server-to-user-{ada}", f"for-ada-{node}", '{"x":1}')
        for socket in adas:
            message = await socket.next(f"for-ada-{node}")
            same(message.fields, {"event": f"for-ada-{node}", "channel": f"#server-to-user-{ada}", "data": '{"x":1}'})
    for heard in await t.mark(f"#server-to-user-{bob}", bobs):
        same([one.text for one in heard], [], "heard by another user")
    same((await t.mark(f"#server-to-user-{ada}", [stranger], app=PLAIN))[0], [], "heard in another app")


@rule("6", "a publish to a user who is not there is answered with 200; to another name with # with 400")
async def to_nobody(t: Trial) -> None:
    await t.api().publish(f"#server-to-user-{t.user()}", "ev")
    for name in ("#x", "#server-to-user-", "#private-x", "#"):
        answer = await t.api().post("/events", {"name": "ev", "channels": [name], "data": "{}"})
        same(answer.status, 400, name)


async def terminate(t: Trial, user: str, node: int, path: str = "") -> None:
    api = t.api(node)
    answer = await api.call("POST", path or api.path(f"/users/{user}/terminate_connections"), b"{}")
    same((answer.status, answer.body.strip()), (200, b"{}"))


@rule("6, 10", "terminate_connections closes with 4009 all connections that signed in as the user, on all nodes")
async def terminated(t: Trial) -> None:
    for node in range(t.count):
        user, other = t.user(), t.user()
        closing, staying = await t.members(t.count), await t.members(t.count)
        for socket in closing:
            await socket.sign_in(user)
        for socket in staying:
            await socket.sign_in(other)
        stranger = await t.open(app=PLAIN)
        await stranger.sign_in(user)
        await terminate(t, user, node)
        for socket in closing:
            same(await socket.ended(), 4009, "the close frame's code")
            # pysher acts on events only.
            error = socket.messages[-1]
            holds(error.event == "pusher:error" and error.data.get("code") == 4009, f"closed without an event: {error.text}")
        for socket in (*staying, stranger):
            await socket.fence()


@rule("6", "only who signed in is terminated, not who is in a presence channel with that id")
async def presence_not_terminated(t: Trial) -> None:
    user, channel = t.user(), t.room("presence-")
    signed, present, both = await t.members(3)
    await signed.sign_in(user)
    await both.sign_in(user)
    await present.join(channel, user)
    await both.join(channel, user)
    await terminate(t, user, 0)
    same(await signed.ended(), 4009)
    same(await both.ended(), 4009)
    await t.mark(channel, [present])


@rule("10", "pusher-http-python calls terminate_connections without /apps/{id}: the app is found by its key")
async def terminated_by_python(t: Trial) -> None:
    user = t.user()
    socket, stranger = await t.open(), await t.open(app=PLAIN)
    await socket.sign_in(user)
    await stranger.sign_in(user)
    await terminate(t, user, 1, f"/users/{user}/terminate_connections")
    same(await socket.ended(), 4009)
    await stranger.fence()


@rule("10", "users of a path may be encoded or not, and the signature is over either form")
async def terminated_encoded(t: Trial) -> None:
    for path, sends in (
            ("a@b", "a@b"), ("a@b", "a%40b"), ("a%40b", "a%40b"), ("c d", "c%20d"), ("c%20d", "c%20d"), ("é", "%C3%A9"),
            ("%C3%A9", "%C3%A9")):
        user = t.user()
        socket = await t.open()
        plain = unquote(path)
        await socket.sign_in(f"{user}-{plain}")
        api = t.api(1)
        answer = await api.call(
            "POST", api.path(f"/users/{user}-{path}/terminate_connections"), b"{}",
            sends=api.path(f"/users/{user}-{sends}/terminate_connections"))
        same((answer.status, answer.body.strip()), (200, b"{}"), f"{path} as {sends}")
        same(await socket.ended(), 4009, f"{path} as {sends}")


@rule("10", "to terminate a user who is not there is answered with 200 and {}")
async def terminate_nobody(t: Trial) -> None:
    await terminate(t, t.user(), 0)
    await terminate(t, t.user(), 1, f"/users/{t.user()}/terminate_connections")


@rule("6", "where connections have to be authorized, who neither signs in nor joins an authorized channel is closed with 4009")
async def unauthorized_closed(t: Trial) -> None:
    silent, public, failed = [await t.open(number, STRICT) for number in range(3)]
    await public.subscribe(t.room())
    failed.send("pusher:subscribe", {"channel": t.room("private-"), "auth": "wrong"})
    await failed.next("pusher:subscription_error")
    for socket in (silent, public, failed):
        same(await socket.ended(20), 4009)
        error = socket.messages[-1]
        same((error.event, error.data.get("code") if isinstance(error.data, dict) else None), ("pusher:error", 4009))


@rule("6", "who signed in or joined an authorized channel within the time stays; so does everybody where it is off")
async def authorized_stays(t: Trial) -> None:
    signed, private, present, left = [await t.open(number, STRICT) for number in range(4)]
    free = await t.open(app=PLAIN)
    await signed.sign_in(t.user())
    await private.subscribe(t.room("private-"))
    await present.join(t.room("presence-"), "7")
    channel = t.room("private-")
    await left.subscribe(channel)
    left.leave(channel)
    # The fence in time: one who came later than all of them and did nothing is closed.
    late = await t.open(app=STRICT)
    same(await late.ended(20), 4009)
    for socket in (signed, private, present, left, free):
        await socket.fence()
