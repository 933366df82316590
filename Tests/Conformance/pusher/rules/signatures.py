"""Section 10: the signature of calls, its traps, and the sheet's vectors."""

import json
import time
from urllib.parse import quote, urlencode

from kit import signing
from kit.apps import DISABLED, MAIN, ORIGINS, PLAIN
from kit.socket import holds, same
from kit.trial import Trial, rule
from harness.cluster import DOMAIN_KEY, App
from harness.http import Answer

NOTHING = "d41d8cd98f00b204e9800998ecf8427e"
SKEW = 600


def body(t: Trial) -> bytes:
    return json.dumps({"name": "ev", "data": "{}", "channel": t.room()}).encode()


def unauthorized(answer: Answer, what: object = "", statuses: tuple[int, ...] = (401,)) -> None:
    holds(answer.status in statuses, f"{answer.status} instead of {statuses}: {what}")
    holds(answer.body.strip(), f"no reason: {what}")


@rule("10", "the sheet's vectors: what this suite signs with is right")
async def vectors(t: Trial) -> None:
    socket = "123.456"
    same(signing.channel_auth(MAIN, socket, "private-room"),
         "rt-key-1:e6284b6f732a42ce2c2a3eb37f5dd7646aac765bbcb7d223626f3420118619f2")
    same(signing.channel_auth(MAIN, socket, "presence-room", '{"user_id": "7", "user_info": {"name": "Ada"}}'),
         "rt-key-1:1dd1234c57447dec2632c3b18b41e229a2ed03caf2754478322d0ccef1305e2a")
    same(signing.user_auth(MAIN, socket, '{"id": "7", "watchlist": ["8", "9"]}'),
         "rt-key-1:bf093ec64444c4fbce112bd54a2c9145c64824146350b4204a92a96e600b5c88")
    event = b'{"name": "ev", "channels": ["my-channel"], "data": "{\\"a\\":1}"}'
    query = signing.signed_query(MAIN, "POST", "/apps/4711/events", None, event, timestamp=1700000000)
    same(query["body_md5"], "d9b525fc4beb7585b341c66400853fff")
    same(query["auth_signature"], "f6b2a7386d2263486f6bbfd26f34efb51bec24dc312246f829a010abdb00e44f")
    query = signing.signed_query(
        MAIN, "GET", "/apps/4711/channels",
        {"filter_by_prefix": "presence-", "info": "user_count", "body_md5": NOTHING}, timestamp=1700000000)
    same(query["auth_signature"], "4dac7746e1541dc1807e4c3f1652aa8c3db025d61c0b0baadfeda1c17b737ea1")
    hook = b'{"time_ms":1700000000000,"events":[{"name":"channel_occupied","channel":"my-channel"}]}'
    same(signing.hexadecimal(MAIN.secret, hook), "d7d1e57266138975c2a6c00026b12621dbaaafac80a2814ccfa4727ae0ae03be")


@rule("10", "the vector of 2023 has the right signature and an old timestamp: 401")
async def old_vector(t: Trial) -> None:
    api = t.api()
    event = b'{"name": "ev", "channels": ["my-channel"], "data": "{\\"a\\":1}"}'
    unauthorized(await api.call("POST", "/apps/4711/events", event, timestamp=1700000000))


@rule("10, 12", "auth_timestamp may differ by 600 s, in both directions, and by no more")
async def timestamps(t: Trial) -> None:
    now = int(time.time())
    for offset in (0, SKEW - 5, 5 - SKEW):
        same((await t.api().call("POST", t.api().path("/events"), body(t), timestamp=now + offset)).status, 200, offset)
    for stamp in (now - SKEW - 5, now + SKEW + 15, 0, "", "now", f"{now}.5", f"{now}000", "99999999999999999999", f"-{now}"):
        unauthorized(await t.api().call("POST", t.api().path("/events"), body(t), timestamp=stamp), stamp)


@rule("10", "each of key, timestamp, version and signature has to be there and right: else 401 with a reason")
async def parameters(t: Trial) -> None:
    api = t.api()
    for name in ("auth_key", "auth_timestamp", "auth_version", "auth_signature", "body_md5"):
        unauthorized(await api.call("POST", api.path("/events"), body(t), change={name: None}), name, (401, 404))
        unauthorized(await api.call("POST", api.path("/events"), body(t), change={name: ""}), name, (401, 404))
    for name, value in (
            ("auth_key", "nobody"), ("auth_version", "1.1"), ("auth_version", "2.0"), ("auth_signature", "0" * 64),
            ("auth_signature", "x"), ("body_md5", NOTHING), ("body_md5", "0" * 32)):
        unauthorized(await api.call("POST", api.path("/events"), body(t), change={name: value}), (name, value), (401, 404))
    unauthorized(await api.call("POST", api.path("/events"), body(t), raw_query=""), "no query")
    # Signed as another version, which is not only a broken signature.
    unauthorized(await api.call("POST", api.path("/events"), body(t), own={"auth_version": "2.0"}), "signed version 2.0")


@rule("10", "method, path, query and body are all signed: whoever changes one gets 401")
async def tampered(t: Trial) -> None:
    api = t.api()
    one, other = body(t), body(t)
    unauthorized(await api.call("POST", api.path("/events"), one, sent_body=other), "body")
    unauthorized(await api.call("POST", api.path("/events"), one, signs="GET"), "method")
    unauthorized(await api.call("POST", api.path("/events"), one, signs="post"), "method in lower case")
    unauthorized(await api.call("POST", api.path("/events"), one, sends=api.path("/batch_events")), "path")
    channels = api.path("/channels")
    unauthorized(await api.call("GET", channels, own={"filter_by_prefix": "a"}, change={"filter_by_prefix": "b"}), "query")
    unauthorized(await api.call("GET", channels, change={"info": "user_count"}), "an added parameter")
    unauthorized(await api.call("GET", channels, own={"x": "1"}, change={"x": None}), "a removed parameter")
    shouting = signing.signed_query(MAIN, "POST", api.path("/events"), None, one)["auth_signature"]
    same((await api.call("POST", api.path("/events"), one)).status, 200)
    unauthorized(await api.call("POST", api.path("/events"), one, change={"auth_signature": shouting[:-1]}), "a shorter one")


@rule("10", "trap 1: values are sorted and joined decoded, however the client encodes them")
async def decoded_values(t: Trial) -> None:
    api = t.api()
    presence = t.room("presence-")
    path = api.path("/channels")
    query = signing.signed_query(MAIN, "GET", path, {"filter_by_prefix": presence, "info": "user_count", "x": "a,b@c d/é+%&="})
    everything = "&".join(f"{quote(key)}=" + "".join(f"%{byte:02X}" for byte in value.encode()) for key, value in query.items())
    lower = "&".join(f"{quote(key)}=" + "".join(f"%{byte:02x}" for byte in value.encode()) for key, value in query.items())
    little = "&".join(f"{key}={quote(value, safe=',@/')}" for key, value in query.items())
    for text in (everything, lower, little, urlencode(query, quote_via=quote)):
        same((await api.send("GET", f"{path}?{text}", None)).status, 200, text[:200])
    commas = signing.signed_query(MAIN, "GET", path, {"filter_by_prefix": "presence-", "info": "user_count,user_count"})
    for safe in (",", ""):
        text = "&".join(f"{key}={quote(value, safe=safe)}" for key, value in commas.items())
        same((await api.send("GET", f"{path}?{text}", None)).status, 200, text[:200])


@rule("10", "the order of the parameters in the URL does not matter, keys are signed in lower case")
async def order_and_case(t: Trial) -> None:
    api = t.api()
    path = api.path("/channels")
    for own in ({"Filter_By_Prefix": "x"}, {"ZZZ": "1", "aaa": "2", "Auth_extra": "3"}):
        query = signing.signed_query(MAIN, "GET", path, own)
        for pairs in (list(query.items()), list(reversed(query.items()))):
            same((await api.send("GET", f"{path}?{urlencode(pairs, quote_via=quote)}", None)).status, 200, own)


@rule("10", "trap 2: body_md5 is signed even on GET (python sends that of nothing), and is not needed there")
async def md5_on_get(t: Trial) -> None:
    api = t.api()
    for path in ("/channels", f"/channels/{t.room()}"):
        same((await api.call("GET", api.path(path), own={"body_md5": NOTHING})).status, 200, path)
        same((await api.call("GET", api.path(path))).status, 200, path)
        unauthorized(await api.call("GET", api.path(path), change={"body_md5": NOTHING}), "not signed")
        unauthorized(await api.call("GET", api.path(path), own={"body_md5": "0" * 32}), "of something else")


@rule("10", "trap 2: body_md5 has to be that of the body: signed or not, another one or none is 401")
async def md5_of_body(t: Trial) -> None:
    api = t.api()
    path = api.path("/events")
    for wrong in (NOTHING, "0" * 32, "x", signing.md5(b"{}")):
        unauthorized(await api.call("POST", path, body(t), own={"body_md5": wrong}), wrong)
    query = signing.signed_query(MAIN, "POST", path)
    unauthorized(await api.send("POST", f"{path}?{urlencode(query)}", body(t)), "a body without body_md5")


@rule("10", "trap 3: channels[]=a&channels[]=b is signed as channels=a,b")
async def array_parameters(t: Trial) -> None:
    api = t.api()
    path = api.path("/channels")
    query = signing.signed_query(MAIN, "GET", path, {"channels": "a,b"})
    rest = {key: value for key, value in query.items() if key != "channels"}
    for text in ("channels[]=a&channels[]=b", "channels%5B%5D=a&channels%5B%5D=b"):
        answer = await api.send("GET", f"{path}?{text}&{urlencode(rest, quote_via=quote)}", None)
        same(answer.status, 200, text)


@rule("10", "trap 5: the key has to belong to the app of the path: 401 or 404")
async def key_of_another_app(t: Trial) -> None:
    api = t.api()
    for path in (f"/apps/{PLAIN.id}/events", "/apps/9999/events", "/apps/bellhop/events", "/apps//events", "/apps/04711/events"):
        unauthorized(await api.call("POST", path, body(t)), path, (401, 404))
    for app in (App(MAIN.id, PLAIN.key, PLAIN.secret), App(MAIN.id, MAIN.key, PLAIN.secret), App(PLAIN.id, MAIN.key, MAIN.secret),
                App(MAIN.id, DOMAIN_KEY, "cluster-secret-cluster-secret"), App(MAIN.id, MAIN.key, ""), App(MAIN.id, "", "")):
        answer = await t.api(1, app).post("/events", body(t))
        unauthorized(answer, app, (401, 404))
    same((await t.api(app=ORIGINS).post("/events", body(t))).status, 200)


@rule("8, 10", "a disabled app's calls are refused as well")
async def disabled_calls(t: Trial) -> None:
    answer = await t.api(app=DISABLED).post("/events", body(t))
    holds(answer.status in (401, 403, 404), answer.status)


@rule("10", "trap 6: a path without /apps/{id} is for terminate_connections only")
async def path_without_app(t: Trial) -> None:
    api = t.api()
    for path in ("/events", "/batch_events"):
        same((await api.call("POST", path, body(t))).status, 404, path)
    path = f"/users/{t.user()}/terminate_connections"
    unauthorized(await api.call("POST", path, b"{}", change={"auth_signature": "0" * 64}), "a wrong signature")
    unauthorized(await api.call("POST", path, b"{}", change={"auth_key": "nobody"}), "no app's key", (401, 404))
    unauthorized(await api.send("POST", path, b"{}"), "no query", (401, 404))


@rule("10", "a refused call publishes nothing")
async def refused_publishes_nothing(t: Trial) -> None:
    channel = t.room()
    (socket,) = await t.audience(channel, 1)
    api = t.api()
    event = json.dumps({"name": "ev", "data": "{}", "channel": channel}).encode()
    for change in ({"auth_signature": "0" * 64}, {"auth_key": PLAIN.key}, {"auth_timestamp": "1"}, {"body_md5": None}):
        unauthorized(await api.call("POST", api.path("/events"), event, change=change), change, (401, 404))
    same([one.text for one in (await t.mark(channel, [socket]))[0]], [])
