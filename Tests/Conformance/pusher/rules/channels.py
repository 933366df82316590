"""Section 4: kinds and names of channels, and which of them need a signature."""

import json

from kit import signing
from kit.apps import LONG_NAME, MAIN, ORIGIN, ORIGINS, PLAIN
from kit.socket import Message, Socket, holds, same
from kit.trial import Trial, rule

GUARDED = [
    "private-encrypted-cache-", "private-encrypted-", "private-cache-", "presence-cache-", "private-", "presence-"]
OPEN = [
    "cache-", "presencex", "private", "presence", "privatex-", "Private-", "PRESENCE-", "xprivate-", "-private-", "_presence-",
    "cache", "encrypted-", "a", "1", "=", "-", ".", "@", ",", ";"]
MEMBER = '{"user_id":"7"}'


def error_of(message: Message, channel: str) -> dict:
    """What a refusal says; it has the form of the sheet."""
    same((message.event, message.channel), ("pusher:subscription_error", channel), message.text)
    told = message.json()
    same(sorted(told), ["error", "status", "type"], message.text)
    holds(isinstance(told["error"], str) and told["error"], message.text)
    holds(isinstance(told["type"], str) and isinstance(told["status"], int), message.text)
    return told


async def refused(socket: Socket, channel: str, **data: object) -> dict:
    """Asks to subscribe and expects to be refused: by a subscription_error alone, on an open connection."""
    socket.send("pusher:subscribe", {"channel": channel} | data)
    told = error_of(await socket.next(), channel)
    same(await socket.fence(), [], f"more than the refusal of {channel}")
    return told


@rule("4", "a public channel is joined with an empty auth, and without one; success has the channel and data `{}`")
async def public_channel(t: Trial) -> None:
    socket = await t.open()
    for more in ({"auth": ""}, {}):
        channel = t.room()
        socket.send("pusher:subscribe", {"channel": channel} | more)
        message = await socket.next("pusher_internal:subscription_succeeded", channel)
        same(message.data, "{}")


@rule("4", "private-, presence- and everything that begins so needs a signature: without one it is refused with AuthError, 401")
async def guarded_kinds(t: Trial) -> None:
    socket = await t.open()
    for prefix in GUARDED:
        for name in (t.room(prefix), prefix):
            more = {"channel_data": MEMBER} if prefix.startswith("presence") else {}
            for auth in ({}, {"auth": ""}):
                told = await refused(socket, name, **auth, **more)
                same((told["type"], told["status"]), ("AuthError", 401), name)


@rule("4", "every kind is joined with its signature")
async def signed_kinds(t: Trial) -> None:
    socket = await t.open()
    for prefix in GUARDED:
        for name in (t.room(prefix), prefix + "x"):
            await socket.subscribe(name, MEMBER if prefix.startswith("presence") else None)


@rule("4", "prefixes end in a dash and are tested in lower case at the start: whatever else is public")
async def open_kinds(t: Trial) -> None:
    socket = await t.open()
    for prefix in OPEN:
        name = prefix + t.room()
        socket.send("pusher:subscribe", {"channel": name, "auth": ""})
        await socket.subscribed(name)
    for name in ("presencex", "private", "presence"):
        socket.send("pusher:subscribe", {"channel": name, "auth": ""})
        await socket.subscribed(name)


@rule("4", "auth is KEY:HEX of this app, this socket and this channel; whatever else is refused, and the connection stays open")
async def wrong_signatures(t: Trial) -> None:
    socket, another = await t.open(), await t.open()
    for prefix, member in (("private-", None), ("presence-", MEMBER)):
        name = t.room(prefix)
        good = socket.auth(name, member)
        key, signature = good.split(":")
        flipped = signature[:-1] + ("0" if signature[-1] != "0" else "1")
        wrong = [
            "x", ":", key, f"{key}:", f":{signature}", signature, f"{key}:{flipped}", f"{key}:{signature[:-2]}",
            f"{key}:{signature}00", f"{key}:{signature}:{signature}", f"{PLAIN.key}:{signature}", f" {good}", f"{good} ",
            f"{key}::{signature}", f"{key}:{'0' * 64}", f"{key}:{signature[:63]}g", f"{key}:{signature[:62]}é",
            signing.channel_auth(MAIN, another.socket_id, name, member), socket.auth(name + "x", member),
            signing.channel_auth(PLAIN, socket.socket_id, name, member), socket.auth(name, '{"user_id":"8"}'),
            f"{MAIN.key}:{signing.hexadecimal(PLAIN.secret, f'{socket.socket_id}:{name}')}",
        ]
        for auth in wrong:
            told = await refused(socket, name, auth=auth, **({"channel_data": member} if member else {}))
            same((told["type"], told["status"]), ("AuthError", 401), auth)
        await socket.subscribe(name, member)


@rule("4", "an auth or channel_data that is no string is refused, by a subscription_error or as a malformed message")
async def strange_types(t: Trial) -> None:
    async def tried(name: str, **data: object) -> None:
        socket.send("pusher:subscribe", {"channel": name} | data)
        answer = await socket.next()
        if answer.event == "pusher:error":
            holds(answer.data.get("code") in (None, 4300), answer.text)
        else:
            error_of(answer, name)

    socket = await t.open()
    name = t.room("private-")
    for auth in (7, [], {}, True, [socket.auth(name)]):
        await tried(name, auth=auth)
    name = t.room("presence-")
    for data in ({"user_id": "7"}, ["7"], 7, True):
        await tried(name, auth=socket.auth(name, json.dumps(data)), channel_data=data)


@rule("4", "channel_data on a private channel is part of the signature as well")
async def private_with_data(t: Trial) -> None:
    socket = await t.open()
    name = t.room("private-")
    await refused(socket, name, auth=socket.auth(name), channel_data='{"a":1}')
    await refused(socket, name, auth=socket.auth(name, '{"a":1}'))
    await refused(socket, name, auth=socket.auth(name, '{"a":1}'), channel_data='{"a": 1}')
    await socket.subscribe(name, '{"a":1}')
    await socket.subscribe(t.room("private-"), "not JSON")


@rule("4", "an empty channel_data counts as absent")
async def empty_data(t: Trial) -> None:
    socket = await t.open()
    name = t.room("private-")
    await socket.subscribe(name, "")
    other = t.room("presence-")
    await refused(socket, other, auth=socket.auth(other), channel_data="")


@rule("4", "the signature is over channel_data exactly as received: blanks, order and escapes stay")
async def data_as_received(t: Trial) -> None:
    socket = await t.open()
    for data in (
            '{"user_id": "7", "user_info": {"name": "Ada"}}', ' { "user_info":{"b":1.0,"a":1e2}\n,"user_id":"7"}\t',
            '{"user_id":"\\u0037","user_info":"\\u00e9\\/\\ud83d\\ude00"}', '{"user_id":"7","user_info":"é😀","x":[1 ,2]}'):
        name = t.room("presence-")
        presence = (await socket.subscribe(name, data)).json()["presence"]
        same(presence["ids"], ["7"], data)
        # Another text of the same meaning has another signature.
        another = t.room("presence-")
        await refused(socket, another, auth=socket.auth(another, data), channel_data=json.dumps(json.loads(data)) + " ")


@rule("4", "shared_secret of encrypted channels is never sent nor signed; encrypted channels are joined as private ones")
async def encrypted_channel(t: Trial) -> None:
    socket = await t.open()
    for prefix in ("private-encrypted-", "private-encrypted-cache-"):
        message = await socket.subscribe(t.room(prefix))
        same(message.data, "{}")


@rule("4, 12", "names have at most 164 characters, with their prefix: at the limit in, one beyond refused")
async def name_length(t: Trial) -> None:
    socket = await t.open()
    for prefix in ("", "private-", "private-encrypted-"):
        name = t.room(prefix)
        whole = name + "x" * (164 - len(name))
        await socket.subscribe(whole)
        beyond = whole + "x"
        told = await refused(socket, beyond, auth=socket.auth(beyond))
        holds(told["type"] != "AuthError", told)


@rule("4, 12", "an app may allow 200 characters: at the limit in, one beyond refused")
async def longer_names(t: Trial) -> None:
    socket = await t.open(app=ORIGINS, fields={"Origin": ORIGIN})
    name = t.room("private-")
    whole = name + "x" * (LONG_NAME - len(name))
    await socket.subscribe(whole)
    await refused(socket, whole + "x", auth=socket.auth(whole + "x"))
    await t.api(app=ORIGINS).publish(whole, "ev")
    await socket.next("ev", whole)


@rule("4", "names are of letters, digits and _ - = @ , . ; only")
async def name_alphabet(t: Trial) -> None:
    socket = await t.open()
    legal = t.room() + "AZaz09_-=@,.;"
    await socket.subscribe(legal)
    bad = [
        "", " ", "a b", "a:b", "a/b", "a#b", "!a", "é", "a\n", "\na", "a%20b", "a+b", "a*b", 'a"b', "a\\b", "a~b", "a'b", "(a)",
        "a?b", "a&b", "a<b>", "a|b", "a^b", "a`b", "a$b", "[a]", "{a}", "a\u0000", "a\u007f", "😀", "а", "ａ",
        "private-a b", "presence-é", "cache-a:b", "private-\n"]
    for name in bad:
        told = await refused(socket, name, auth=socket.auth(name))
        holds(told["type"] != "AuthError", f"{name!r}: {told}")


@rule("4, 6", "of the names with # only #server-to-user-{id} exists, for who is signed in")
async def hash_names(t: Trial) -> None:
    socket = await t.open()
    for name in ("#", "#x", "#server-to-user-", "#server-to-user-7", "#private-x", "#server-to-users-7", "##server-to-user-7"):
        await refused(socket, name, auth="")
        await refused(socket, name, auth=socket.auth(name))


@rule("4", "channels are scoped by app: the same name in another app hears and says nothing of it")
async def scoped_by_app(t: Trial) -> None:
    for prefix in ("", "private-", "cache-", "private-cache-", "private-encrypted-"):
        name = t.room(prefix)
        ours, theirs = await t.audience(name), await t.audience(name, app=PLAIN)
        await t.api().publish(name, "ours")
        for socket in ours:
            await socket.until("ours", name)
        marks = await t.mark(name, theirs, app=PLAIN)
        same([one.text for heard in marks for one in heard if one.event == "ours"], [], name)


@rule("4", "a signature of another app with the same channel and socket is refused, also with that app's key")
async def another_apps_signature(t: Trial) -> None:
    socket = await t.open(app=PLAIN)
    name = t.room("private-")
    for app in (MAIN, ORIGINS):
        await refused(socket, name, auth=signing.channel_auth(app, socket.socket_id, name))


@rule("4, 13", "200 channels on one connection, asked for at once as js does after a reconnect, are all there")
async def many_channels(t: Trial) -> None:
    socket = await t.open()
    names = [t.room("private-" if number % 2 else "") for number in range(200)]
    for name in names:
        socket.ask(name)
    await socket.wait(lambda: len(socket.messages) == 201, "200 answers")
    same({one.event for one in socket.messages[1:]}, {"pusher_internal:subscription_succeeded"})
    await t.api(1).publish(names[:100], "ev")
    await t.api(1).publish(names[100:], "ev")
    await socket.wait(lambda: sum(one.event == "ev" for one in socket.messages) == 200, "200 events")
    same(sorted(one.channel or "" for one in socket.messages if one.event == "ev"), sorted(names))
