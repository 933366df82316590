"""The test client in one tab hears what another tab changes, and misses nothing while its node is gone."""

from document import documented
from harness.cluster import Cluster, Node
from harness.http import get
from harness.login import SignedIn, sign_in
from harness.stage import Stage
from harness.waiting import eventually
from pages import ATTENDANT, TestClient, Watched, browser, expect, hotel
from playwright.async_api import Page

SECONDS = 420
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
    await eventually(client.is_back, 20, "a socket that was dropped comes back")
    seq = await desk.change()
    await expect(client.line("RoomStatusChanged", seq)).to_be_visible()
    await goes_on(stage, client, desk, mine)
    await code(stage, client, mine.port, channel)
    await documented(stage, client, mine.url, "bellhop:resumed")
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
