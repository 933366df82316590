"""Section 2: the envelope, and which form `data` takes in it."""

import json

from kit.socket import Socket, holds, same
from kit.trial import Trial, rule
from kit import signing

# What somebody publishes, each to arrive as it is.
PUBLISHED = [
    '{"b":1.0,"a":1e2,"b":2, "big":12345678901234567890,"tiny":0.10000000000000000000001}', "not JSON at all", "",
    " {\"a\" : 1}\n", "null", "12345678901234567890", '"a string"', "[1,2 ,3]", "{\"half\":", "\\u0041\\n\\/", "</script>",
    "é ☃ 😀 \u2028 \u0000 \u001f \u007f \t\r\n", '{"a":"\\u00e9\\ud83d\\ude00\\u0000"}',
]


@rule("2", "pusher: commands take data as an object or as a string that holds one")
async def double_encoded(t: Trial) -> None:
    channel, private = t.room(), t.room("private-")
    socket = await t.open()
    socket.send("pusher:subscribe", json.dumps({"channel": channel, "auth": ""}))
    await socket.next("pusher_internal:subscription_succeeded", channel)
    socket.send("pusher:subscribe", json.dumps({"channel": private, "auth": socket.auth(private)}, indent=1))
    await socket.next("pusher_internal:subscription_succeeded", private)
    socket.send("pusher:unsubscribe", json.dumps({"channel": channel}))
    await t.api().publish([channel, private], "both")
    await socket.next("both", private)
    same(await socket.fence(), [], "after leaving")


@rule("2", "a sign-in takes data as a string that holds an object")
async def double_encoded_sign_in(t: Trial) -> None:
    socket = await t.open()
    user_data = json.dumps({"id": t.user()})
    socket.send("pusher:signin", json.dumps({
        "auth": signing.user_auth(socket.app, socket.socket_id, user_data), "user_data": user_data}))
    await socket.until("pusher:signin_success")


@rule("2", 'ping and pong may carry `"data":""`, any other data, or none')
async def data_of_pings(t: Trial) -> None:
    socket = await t.open()
    for data in ('"data":""', '"data":{}', '"data":"{}"', '"data":null', '"data":[1]', '"data":7', '"x":1'):
        socket.send_text('{"event":"pusher:pong",%s}' % data)
        socket.send_text('{"event":"pusher:ping",%s}' % data)
        await socket.next("pusher:pong")
    same(await socket.fence(), [], "messages for pongs")


@rule("2, 9", "a pong always carries data, `{}` as an object or a string")
async def pong_has_data(t: Trial) -> None:
    socket = await t.open()
    socket.send("pusher:ping", {})
    pong = await socket.next("pusher:pong")
    holds(pong.data in ({}, "{}"), pong.text)


@rule("2", "everything published arrives with its data as the publisher's string, byte for byte")
async def published_bytes(t: Trial) -> None:
    channel = t.room()
    sockets = await t.audience(channel)
    for number, data in enumerate(PUBLISHED):
        await t.api().publish(channel, f"event-{number}", data)
        for socket in sockets:
            message = await socket.next(f"event-{number}", channel)
            same(message.data, data, "data")
            same(sorted(message.fields), ["channel", "data", "event"], "fields")


@rule("2, 10", "data that the publisher escaped in another way is the same string")
async def published_escapes(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    body = ('{"name":"\\u0065v\\/1","channel":"%s","data":"\\u007b\\"a\\":\\"\\ud83d\\ude00\\u00e9\\/\\"}"}' % channel).encode()
    answer = await t.api().post("/events", body)
    same(answer.status, 200, answer.body)
    same((await socket.next("ev/1", channel)).data, '{"a":"😀é/"}')


@rule("2", "a client event is relayed exactly as sent: an object stays one, a string stays one, numbers keep their form")
async def client_event_bytes(t: Trial) -> None:
    channel = t.room("private-")
    sender, *others = await t.audience(channel)
    texts = [
        '{"z":1.50,"a":1E2,"big":12345678901234567890,"n":null}', '"{\\"a\\":1}"', '"text"', '""', "[1,2,{}]", "7.10", "true",
        '{"u":"\\u00e9\\ud83d\\ude00"}',
    ]
    for number, text in enumerate(texts):
        sender.send_text('{"event":"client-%d","channel":"%s","data":%s}' % (number, channel, text))
        for other in others:
            message = await other.next(f"client-{number}", channel)
            same(message.data, json.loads(text), "data")
            holds(text in message.text, f"{text} became {message.text}")


@rule("2", "commands are JSON: fields in any order, blanks, escapes in names and unknown fields are all the same")
async def json_freedom(t: Trial) -> None:
    socket = await t.open()
    socket.send_text(' \n{ "data" : { } ,\t"event" : "\\u0070usher:\\u0070ing" , "extra":{"event":"pusher:subscribe"} } ')
    await socket.next("pusher:pong")
    channel = t.room()
    socket.send_text('{"data":{"x":[1,{"channel":"no"}],"channel":"%s\\u002dx"},"event":"pusher:subscribe","y":1e5}' % channel)
    await socket.next("pusher_internal:subscription_succeeded", f"{channel}-x")


async def strings_only(socket: Socket, exceptions: tuple[str, ...]) -> None:
    wrong = [one.text for one in socket.messages if one.event not in exceptions and not isinstance(one.data, str)]
    same(wrong, [], "data that is no string")


@rule("2", "data is a string in all messages of the server but errors, pings, pongs and client events")
async def strings(t: Trial) -> None:
    presence, cache = t.room("presence-"), t.room("cache-")
    socket, other = await t.open(), await t.open(1)
    await socket.join(presence, "1", {"a": 1})
    await other.join(presence, "2")
    other.leave(presence)
    await socket.until("pusher_internal:member_removed", presence)
    await socket.subscribe(cache)
    await socket.until("pusher:cache_miss", cache)
    await t.api().publish(cache, "ev")
    await socket.until("ev", cache)
    socket.ask("bad name")
    await socket.until("pusher:subscription_error")
    await socket.sign_in(t.user(), watchlist=["x"])
    await socket.fence()
    await strings_only(socket, ("pusher:pong",))


@rule("2", "the data of pusher:error is an object with code and message")
async def error_object(t: Trial) -> None:
    socket = await t.open()
    socket.send_text("{")
    error = await socket.next("pusher:error")
    holds(isinstance(error.data, dict), error.text)
    same(sorted(error.data), ["code", "message"])
    holds(error.data["code"] is None or isinstance(error.data["code"], int), error.text)
    holds(isinstance(error.data["message"], str), error.text)
