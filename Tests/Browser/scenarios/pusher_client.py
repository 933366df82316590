"""The test client in one tab hears what another tab changes, and misses nothing while its node is gone."""

import asyncio
import hashlib
import hmac
import json

import jsonschema
from harness.cluster import EXTERNAL, Cluster, Node
from harness.http import get
from harness.login import SignedIn, sign_in
from harness.stage import Stage
from harness.waiting import eventually
from pages import TestClient, Watched, browser, expect, hotel
from playwright.async_api import Page

SECONDS = 180
ATTENDANT = "room_attendant@aegean.example"
# What a page does that changes a room, as the desk's own page will.
CHANGE = """async ({token, room, status}) => {
  const answer = await fetch(`/v1/rooms/${room}`, {method: "PATCH", body: JSON.stringify({hk_status: status}), headers: {
    "Content-Type": "application/json", "Authorization": `Bearer ${token}`, "Idempotency-Key": crypto.randomUUID()}});
  return {status: answer.status, body: await answer.json()};
}"""


class Desk:
    """Another tab, from which rooms are changed."""

    def __init__(self, page: Page, who: SignedIn, rooms: list[str]) -> None:
        self.page = page
        self.who = who
        self.rooms = rooms
        self.seqs: list[int] = []
        self.dirty = False

    @staticmethod
    async def open(watched: Watched, base: str) -> "Desk":
        who = await sign_in(base, "housekeeping_supervisor@aegean.example")
        answer = await get(f"{base}/v1/rooms?limit=200&property_id={who.properties[0]}", fields=who.bearer())
        rooms = [room["id"] for room in answer.json()["items"] if room["hk_status"] in ("clean", "inspected")]
        return Desk(await watched.page(f"{base}/"), who, rooms)

    async def change(self) -> int:
        """Makes one more room dirty; the number that this has in the tenant's stream."""
        answer = await self.page.evaluate(
            CHANGE, {"token": self.who.access_token, "room": self.rooms.pop(), "status": "dirty"})
        assert answer["status"] == 200, answer
        self.seqs.append(answer["body"]["seq"])
        return self.seqs[-1]


async def play(stage: Stage) -> None:
    async with hotel(stage) as cluster, browser(stage) as watched:
        await live(stage, cluster, watched)
        await whispers(stage, cluster, watched)
        await presence(stage, cluster, watched)


async def live(stage: Stage, cluster: Cluster, watched: Watched) -> None:
    mine, other = cluster.nodes
    client = await TestClient.open(watched, mine.url)
    desk = await Desk.open(watched, other.url)
    channel = desk.who.channel
    await client.sign_in(ATTENDANT)
    offered = await client.page.locator("#known-channels option").evaluate_all("all => all.map(one => one.value)")
    stage.check("the channels of whoever has signed in are offered", channel in offered, offered)
    await client.connect()
    await client.subscribe(channel)
    seq = await desk.change()
    await expect(client.line("RoomStatusChanged", seq)).to_be_visible()
    stage.check("a room that is changed in another tab, at another node, is told with its number", True, f"seq {seq}")
    await client.page.screenshot(path=stage.folder / "live.png", full_page=True)

    await mine.process.kill()
    await expect(client.page.locator("#badge")).to_have_attribute("data-state", "unavailable")
    for _ in range(5):
        await desk.change()
    mine.start()
    await mine.ready()
    await client.joined(channel)
    await expect(client.card(channel)).to_have_attribute("data-replayed", "5")
    await desk.change()
    await expect(client.line("RoomStatusChanged", desk.seqs[-1])).to_be_visible()
    heard = await client.seqs()
    stage.check("after its node was killed and started again nothing is missed, doubled or out of order",
                heard == desk.seqs and await client.page.locator("#disorder").inner_text() == "0",
                f"heard {heard}, made {desk.seqs}")
    reconnects = await client.page.locator("#reconnects").inner_text()
    stage.check("the page counts its ways back and says why", reconnects != "0", reconnects)

    await client.page.get_by_role("button", name="Drop the socket").click()
    await eventually(lambda: lost_and_back(client), 20, "a socket that was dropped comes back")
    seq = await desk.change()
    await expect(client.line("RoomStatusChanged", seq)).to_be_visible()
    await goes_on(stage, client, desk, mine)
    await code(stage, client, mine.port, channel)
    await documented(stage, client, mine.url)
    await leave(stage, client, channel)


async def goes_on(stage: Stage, client: TestClient, desk: Desk, mine: Node) -> None:
    """What is left on purpose, by the page or by the node, is gone on with as well."""
    await client.page.get_by_role("button", name="Disconnect").click()
    await expect(client.page.locator("#badge")).to_have_attribute("data-state", "idle")
    await desk.change()
    await client.connect()
    await expect(client.line("RoomStatusChanged", desk.seqs[-1])).to_be_visible()
    await mine.process.stop(30)
    await expect(client.page.locator("#log li").filter(has_text="Closed with 4200").first).to_be_visible()
    await desk.change()
    mine.start()
    await mine.ready()
    await expect(client.line("RoomStatusChanged", desk.seqs[-1])).to_be_visible()
    heard = await client.seqs()
    stage.check("nor after it was sent away with 4200, or left by hand", heard == desk.seqs, f"heard {heard}, made {desk.seqs}")


async def lost_and_back(client: TestClient) -> bool:
    return await client.state() == "connected" and "3000" in await client.page.locator("#last-close").inner_text()


async def code(stage: Stage, client: TestClient, port: int, channel: str) -> None:
    snippets = client.page.locator("#snippets details")
    texts = await snippets.locator("code").all_text_contents()
    key = await client.page.get_by_label("Key of the app").input_value()
    pusher, echo, environment, frames = texts
    whole = [
        key in pusher and f"wsPort: {port}" in pusher and f'"{channel}"' in pusher,
        key in echo and f'.private("{channel.removeprefix("private-")}")' in echo and '".RoomStatusChanged"' in echo,
        f"PUSHER_PORT={port}" in environment and "PUSHER_SCHEME=http\n" in environment and key not in environment,
        '"since":' in frames and '"epoch":' in frames and channel in frames,
    ]
    stage.check("the code beside it names this host, key, channel and event", all(whole), whole)
    token = await client.page.evaluate("document.documentElement.outerHTML")
    stage.check("no page shows a token", "eyJ" not in token)


async def documented(stage: Stage, client: TestClient, base: str) -> None:
    """Every frame is as /asyncapi.json says."""
    document = (await get(f"{base}/asyncapi.json")).json()
    by_event = {message["payload"]["properties"]["event"].get("const"): [] for message in messages(document)}
    for message in messages(document):
        by_event[message["payload"]["properties"]["event"].get("const")].append(message["payload"])
    faults = [fault for frame in client.frames if (fault := why(frame, by_event.get(frame["event"], []), document))]
    names = {frame["event"] for frame in client.frames}
    stage.check("every frame is as the AsyncAPI document says", not faults and "bellhop:resumed" in names,
                faults[:3] or f"{len(client.frames)} frames of {len(names)} kinds")


def messages(document: dict) -> list[dict]:
    return list(document["components"]["messages"].values())


def why(frame: dict, payloads: list[dict], document: dict) -> str:
    """Why the frame is none of these; nothing if it is one."""
    reason = f"{frame['event']} is not documented"
    for payload in payloads:
        whole = payload | {"components": document["components"]}
        data = payload["properties"]["data"]
        try:
            jsonschema.validate(frame, whole)
            if "contentSchema" in data:
                jsonschema.validate(json.loads(frame["data"]), data["contentSchema"] | {"components": document["components"]})
            return ""
        except jsonschema.ValidationError as error:
            reason = f"{frame['event']}: {error.json_path}: {error.message[:200]}"
    return reason


async def leave(stage: Stage, client: TestClient, channel: str) -> None:
    await client.card(channel).get_by_role("button", name="Unsubscribe").click()
    await expect(client.card(channel)).to_have_count(0)
    await client.page.get_by_role("button", name="Sign out").click()
    await client.page.get_by_label("Channel", exact=True).fill(channel)
    await client.page.get_by_role("button", name="Subscribe", exact=True).click()
    await expect(client.card(channel)).to_have_attribute("data-state", "refused")
    stage.check("whoever has signed out is told to sign in before a private channel",
                "sign in first" in await client.card(channel).inner_text())
    await client.page.get_by_role("button", name="Disconnect").click()
    await expect(client.page.locator("#badge")).to_have_attribute("data-state", "idle")


async def whispers(stage: Stage, cluster: Cluster, watched: Watched) -> None:
    """Two pages of an external app, with what its back end has signed."""
    pages = [await TestClient.open(watched, node.url) for node in cluster.nodes]
    for client in pages:
        await client.use_app(EXTERNAL.key)
        await client.connect()
        await client.page.get_by_label("Channel", exact=True).fill("private-desk")
        await client.page.get_by_label("Auth string, for private").fill(await signed(client, "#to-sign"))
        await client.subscribe("private-desk")
    sender, listener = pages
    await sender.page.get_by_label("Data, as JSON").fill('{"name":"<img src=x onerror=alert(1)>"}')
    await sender.page.get_by_role("button", name="Send").click()
    line = listener.page.locator('#log li[data-kind="in"]').filter(has_text="client-typing")
    await expect(line).to_be_visible()
    stage.check("what one page whispers the other hears, at another node", True)
    await line.locator("summary").click()
    await expect(line.locator("pre")).to_contain_text("<img src=x onerror=alert(1)>")
    stage.check("what others send is text and never markup", await listener.page.locator("#log img").count() == 0)
    await listener.page.get_by_role("button", name="Drop the socket").click()
    await expect(listener.card("private-desk")).to_have_attribute("data-state", "refused")
    stage.check("an auth string is for one socket, and the page says so",
                "another socket" in await listener.card("private-desk").inner_text())


async def presence(stage: Stage, cluster: Cluster, watched: Watched) -> None:
    """Two people of an external app at two nodes see each other come and go, and one signs in."""
    channel = "presence-desk"
    pages = [await TestClient.open(watched, node.url) for node in cluster.nodes]
    for number, client in enumerate(pages):
        member = json.dumps({"user_id": str(number), "user_info": {"name": f"<b>Guest {number}</b>"}})
        await client.use_app(EXTERNAL.key)
        await client.connect()
        await client.page.get_by_label("Channel data").fill(member)
        await client.page.get_by_label("Channel", exact=True).fill(channel)
        await client.page.get_by_label("Auth string, for private").fill(await signed(client, "#to-sign"))
        await client.subscribe(channel)
    ana, bo = pages
    for client in pages:
        await expect(client.card(channel)).to_contain_text("2 here")
        await expect(client.card(channel)).to_contain_text("<b>Guest 0</b> (0)")
    stage.check("members of a presence channel are listed with their names, as text", True)
    await bo.page.get_by_role("button", name="Disconnect").click()
    await expect(ana.card(channel)).to_contain_text("1 here")
    stage.check("and are gone from the list when they go", True)
    await ana.page.get_by_label("User data").fill('{"id":"ana"}')
    await ana.page.get_by_label("Auth string for the user").fill(await signed(ana, "#user-to-sign"))
    await ana.page.get_by_role("button", name="Sign in the socket as this user").click()
    await expect(ana.page.locator("#state")).to_contain_text("signed in as ana")
    await ana.joined("#server-to-user-ana")
    stage.check("a socket signs in as a user, and hears what that user is told", True)


async def signed(client: TestClient, place: str) -> str:
    """What the app's back end answers: its signature under the text that the page says is to be signed."""
    text = await client.page.locator(place).inner_text()
    return EXTERNAL.key + ":" + hmac.new(EXTERNAL.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
