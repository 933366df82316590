"""Section 10: events and batch_events."""

import json

from kit.api import API
from kit.apps import PLAIN
from kit.socket import Socket, holds, same
from kit.trial import Trial, rule
from harness.http import Answer

BAD_NAMES = ["", "a b", "a:b", "é", "a/b", "#x", "a\n", "x" * 165]
BAD_SOCKETS = ["", "abc", "123", "123.", ".456", "1.2.3", "123.456x", " 1.2", "1.2\n", "-1.2", "1,2", "1.2:private-x", "１.２"]


def is_refused(answer: Answer, status: int, what: object = "") -> None:
    same(answer.status, status, f"{what} {answer.body[:200]!r}")
    holds(answer.body.strip(), f"no reason with {status}: {what}")


async def nothing_published(t: Trial, channel: str, socket: Socket) -> None:
    """A fence at the node that refused: nothing of what it refused was heard."""
    same([one.text for one in (await t.mark(channel, [socket]))[0]], [], "published")


@rule("10", "success is 200 exactly, JSON, and `{}` without info")
async def success(t: Trial) -> None:
    for node in (*range(t.count), -1):
        for body in ({"name": "ev", "data": "{}", "channels": [t.room()]}, {"name": "ev", "data": "{}", "channel": t.room()}):
            answer = await t.api(node).post("/events", body)
            same((answer.status, answer.body.strip()), (200, b"{}"))
            holds(answer.fields.get("content-type", "").startswith("application/json"), answer.fields)
        answer = await t.api(node).batch([{"name": "ev", "data": "{}", "channel": t.room()}])
        same((answer.status, answer.body.strip()), (200, b"{}"))


@rule("10", "PHP sends `channel` for one and `channels` for more, the others always `channels`; there are 1 to 100")
async def channel_or_channels(t: Trial) -> None:
    names = [t.room() for _ in range(101)]
    socket = await t.open()
    await socket.subscribe(names[0])
    await socket.subscribe(names[99])
    await t.api().publish(names[0], "one")
    await socket.next("one", names[0])
    await t.api().publish(names[:1], "list")
    await socket.next("list", names[0])
    await t.api().publish(names[:100], "hundred")
    same({(await socket.next("hundred")).channel for _ in range(2)}, {names[0], names[99]})
    for where in ({"channels": names}, {"channels": []}, {}, {"channel": ""}, {"channels": names[0]}, {"channels": [7]},
                  {"channels": [None]}, {"channel": 7}, {"channel": [names[0]]}):
        is_refused(await t.api().post("/events", {"name": "ev", "data": "{}", **where}), 400, str(where)[:60])
    await nothing_published(t, names[0], socket)


@rule("10", "data has to be there: an empty string is legal, none is 400")
async def presence_of_data(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    same((await t.api().post("/events", {"name": "ev", "data": "", "channel": channel})).status, 200)
    same((await socket.next("ev", channel)).data, "")
    is_refused(await t.api().post("/events", {"name": "ev", "channel": channel}), 400)
    answer = await t.api().batch([{"name": "ev", "data": "", "channel": channel}])
    same(answer.status, 200)
    same((await socket.next("ev", channel)).data, "")
    is_refused(await t.api().batch([{"name": "ev", "channel": channel}]), 400)
    await nothing_published(t, channel, socket)


@rule("10", "data that is no string is encoded, or refused with 400")
async def data_not_a_string(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    for data in ({"a": 1}, [1], 7, True, None):
        answer = await t.api().post("/events", {"name": "ev", "data": data, "channel": channel})
        holds(answer.status in (200, 400), answer)
        if answer.status == 200:
            same((await socket.next("ev", channel)).json(), data)
    await nothing_published(t, channel, socket)


@rule("10, 12", "name is required and has at most 200 characters, of whatever kind")
async def event_name(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    for name in ("x" * 200, "é" * 200, "App\\Events\\X", 'a "quoted"\tname', " ", "pusherish", "client-x", "😀"):
        await t.api().publish(channel, name)
        await socket.next(name, channel)
    for body in ({"name": "x" * 201}, {"name": "é" * 201}, {}, {"name": 7}, {"name": None}):
        is_refused(await t.api().post("/events", {"data": "{}", "channel": channel, **body}), 400, str(body)[:40])
        is_refused(await t.api().batch([{"data": "{}", "channel": channel, **body}]), 400, str(body)[:40])
    await nothing_published(t, channel, socket)


@rule("10", "a bad channel name among several is 400 and nothing is published on the others")
async def bad_names(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    for name in BAD_NAMES:
        for names in ([name], [channel, name], [name, channel]):
            is_refused(await t.api().post("/events", {"name": "ev", "data": "{}", "channels": names}), 400, repr(name))
    await nothing_published(t, channel, socket)


@rule("10", r"a socket_id that is not \d+\.\d+ is 400 and nothing is published")
async def bad_socket_ids(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    for socket_id in (*BAD_SOCKETS, 7, 1.2, ["1.2"], {}):
        body = {"name": "ev", "data": "{}", "channel": channel, "socket_id": socket_id}
        is_refused(await t.api().post("/events", body), 400, repr(socket_id))
        is_refused(await t.api().batch([body]), 400, repr(socket_id))
    await nothing_published(t, channel, socket)


@rule("10, 12", "the limit is 10240 bytes of data, not characters: at it 200, one beyond 413")
async def data_size(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    for data in ("x" * 10_240, "é" * 5_120, '"' * 10_240, "\u0001" * 10_240):
        await t.api().publish(channel, "ev", data)
        same((await socket.next("ev", channel)).data, data)
    for data in ("x" * 10_241, "é" * 5_120 + "x", "😀" * 2_561, "x" * 30_000):
        is_refused(await t.api().post("/events", {"name": "ev", "data": data, "channel": channel}), 413)
    await nothing_published(t, channel, socket)


@rule("10, 12", "data of megabytes is 413 as well, and the app goes on")
async def data_of_megabytes(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    for size in (200_000, 3_000_000):
        same((await t.api().post("/events", {"name": "ev", "data": "x" * size, "channel": channel})).status, 413, size)
    await nothing_published(t, channel, socket)


@rule("10, 12", "in a batch the limit is each event's; one that is too large is 413 and nothing of the batch is published")
async def batch_data_size(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)

    def event(size: int) -> dict:
        return {"name": "ev", "data": "x" * size, "channel": channel}

    same((await t.api().batch([event(10_240) for _ in range(10)])).status, 200)
    for _ in range(10):
        await socket.next("ev", channel)
    is_refused(await t.api().batch([event(1), event(10_241), event(1)]), 413)
    await nothing_published(t, channel, socket)


@rule("10, 12", "a batch has at most 10 events: ten are published in their order, eleven are 400 and none is")
async def batch_size(t: Trial) -> None:
    channel = t.room()
    sockets = await t.audience(channel)
    events = [{"name": f"ev-{number}", "data": str(number), "channel": channel} for number in range(11)]
    same((await t.api().batch(events[:10])).status, 200)
    for socket in sockets:
        for number in range(10):
            same((await socket.next(f"ev-{number}", channel)).data, str(number))
    is_refused(await t.api().batch(events), 400)
    for body in (b"{}", b'{"batch":{}}', b'{"batch":"x"}', b'{"batch":[7]}', b'{"batch":[[]]}', b'{"batch":null}'):
        is_refused(await t.api().post("/batch_events", body), 400, body)
    await nothing_published(t, channel, sockets[0])


@rule("10", "the whole batch is checked first: with any fault anywhere nothing is published")
async def batch_atomic(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    good = {"name": "ev", "data": "{}", "channel": channel}
    for fault in ({"channel": "bad name"}, {"name": "x" * 201}, {"socket_id": "x"}, {"channel": None}, {"name": None}):
        bad = {**good, **fault}
        for batch in ([good, bad], [bad, good], [*[good] * 9, bad]):
            is_refused(await t.api().batch(batch), 400, fault)
    await nothing_published(t, channel, socket)


@rule("10", "a body that is no JSON object is 400")
async def bad_body(t: Trial) -> None:
    for body in (b"", b"{", b"[]", b"7", b"null", b'"x"', b"name=ev&data=x", b'{"name":"ev"',
                 b'{"name":"ev","data":"\xff","channel":"x"}'):
        for path in ("/events", "/batch_events"):
            is_refused(await t.api().post(path, body), 400, f"{path} {body!r}")


@rule("10", "application/json is not demanded")
async def content_type(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    for kind in ("application/json", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded",
                 "multipart/form-data", "nonsense", ""):
        api = t.api()
        body = json.dumps({"name": "ev", "data": kind, "channel": channel}).encode()
        (answer,) = await api.raw([api.request(body, **({"Content-Type": kind} if kind else {}))], 1)
        same(answer.status, 200, kind)
        same((await socket.next("ev", channel)).data, kind)


@rule("10", "one connection carries many requests, one after the other and pipelined")
async def keep_alive(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    api = t.api()
    requests = [
        api.request(json.dumps({"name": "ev", "data": str(number), "channel": channel}).encode()) for number in range(30)]
    answers = await api.raw([b"".join(requests)], 30)
    same([answer.status for answer in answers], [200] * 30)
    answers = await api.raw(requests, 30)
    same([answer.status for answer in answers], [200] * 30)
    for number in [*range(30), *range(30)]:
        same((await socket.next("ev", channel)).data, str(number))


@rule("10", "bodies may arrive in several segments, and heads, too")
async def segments(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    api = t.api()
    whole = api.request(json.dumps({"name": "ev", "data": "é" * 3000, "channel": channel}).encode())
    head = whole.index(b"\r\n\r\n") + 4
    cuts = [
        [whole[:head], whole[head:]], [whole[:head + 1], whole[head + 1:-1], whole[-1:]],
        [whole[:10], whole[10:head - 2], whole[head - 2:]],
        [whole[at:at + 700] for at in range(0, len(whole), 700)],
        [whole[:-40], *(whole[at:at + 1] for at in range(len(whole) - 40, len(whole)))],
    ]
    for pieces in cuts:
        same(b"".join(pieces), whole)
        (answer,) = await api.raw(pieces, 1)
        same(answer.status, 200, [len(piece) for piece in pieces][:10])
        same((await socket.next("ev", channel)).data, "é" * 3000)


@rule("10", "Expect: 100-continue is answered, or ignored, and the request served")
async def expect_continue(t: Trial) -> None:
    api = t.api()
    whole = api.request(json.dumps({"name": "ev", "data": "{}", "channel": t.room()}).encode(), Expect="100-continue")
    head = whole.index(b"\r\n\r\n") + 4
    answers = await api.raw([whole[:head], whole[head:]], 1)
    if answers[0].status == 100:
        answers = (await api.raw([whole[:head], whole[head:]], 2))[1:]
    same(answers[0].status, 200)


@rule("13", "a lack of subscribers is no fault: publishes are answered with 200")
async def nobody_listens(t: Trial) -> None:
    for prefix in ("", "private-", "presence-", "cache-", "private-cache-", "presence-cache-", "private-encrypted-"):
        await t.api(1).publish(t.room(prefix), "ev")


@rule("10", "unknown calls and methods are refused with 404 or 405")
async def unknown_calls(t: Trial) -> None:
    api = t.api()
    for method, path in (
            ("POST", "/nothing"), ("GET", "/events"), ("DELETE", "/channels"), ("POST", "/channels"), ("GET", "/batch_events"),
            ("GET", "/channels/x/nothing"), ("GET", "/users/x"), ("GET", "/users/x/terminate_connections"), ("GET", "")):
        body = b"{}" if method == "POST" else None
        answer = await api.call(method, api.path(path), body)
        holds(answer.status in (404, 405), f"{method} {path}: {answer.status}")


@rule("10", "events published over HTTP are scoped by app, also with the same channel and socket_id")
async def calls_scoped(t: Trial) -> None:
    channel = t.room()
    (ours,), (theirs,) = await t.audience(channel, 1), await t.audience(channel, 1, PLAIN)
    # Another app's socket is unknown here: it excludes nobody, and nobody there hears it.
    await API(t.base(), PLAIN).publish(channel, "ev", "1", socket_id=ours.socket_id)
    await theirs.next("ev", channel)
    same([one.text for one in (await t.mark(channel, [ours]))[0]], [])
