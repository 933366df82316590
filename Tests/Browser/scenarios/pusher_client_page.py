"""The test client's page is for everybody: by keyboard, by ear, on a phone, and only where an operator wants it."""

import json
import pathlib

from axe_playwright_python.async_playwright import Axe
from harness.cluster import Cluster
from harness.http import get
from harness.login import PASSWORD, sign_in
from harness.stage import Stage
from pages import ATTENDANT, WEB, TestClient, Watched, browser, expect, hotel
from playwright.async_api import Page

SECONDS = 420
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# As much of pusher-js as the page drives.
STUB = """globalThis.Pusher = class {
  constructor(key, options) {
    globalThis.driven = {key, host: options.wsHost, port: options.wsPort, channels: []};
    const bound = {};
    this.connection = {socket_id: "1.2", state: "initialized", bind: (name, act) => { bound[name] = act; }};
    this.options = options;
    setTimeout(() => {
      bound.state_change({current: "connected"});
      bound.message({event: "pusher:connection_established", data: {socket_id: "1.2"}});
    });
    this.bound = bound;
  }
  subscribe(name) {
    globalThis.driven.channels.push(name);
    this.options.channelAuthorization.customHandler({socketId: "1.2", channelName: name}, (error, signed) => {
      globalThis.driven.auth = error ? String(error) : signed.auth;
      if (!error) this.bound.message({event: "pusher_internal:subscription_succeeded", channel: name, data: {}});
    });
  }
  signin() {
    this.options.userAuthentication.customHandler({socketId: "1.2"}, (error, signed) => {
      if (!error) this.bound.message({event: "pusher:signin_success", data: {user_data: signed.user_data}});
    });
  }
  unsubscribe() {}
  disconnect() { this.bound.state_change({current: "disconnected"}); }
};"""
# Whether the element with the focus shows it.
FOCUS = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  return {id: element.id, name: (element.getAttribute("aria-label") ?? element.textContent ?? "").trim(), tag: element.tagName,
    shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2};
}"""


async def play(stage: Stage) -> None:
    library = stage.folder / "pusher.js"
    stage.folder.mkdir(parents=True, exist_ok=True)
    library.write_text(STUB)
    async with hotel(stage, nodes=1, BELLHOP_PUSHER_JS=str(library)) as cluster, browser(stage) as watched:
        base = cluster.nodes[0].url
        who = await sign_in(base, ATTENDANT)
        await keyboard(stage, watched, base, who.channel)
        for scheme in ("light", "dark"):
            await accessible(stage, watched, base, who.channel, scheme)
        await narrow(stage, watched, base)
        await a_library(stage, watched, base, who.channel)
        await rules(stage, watched, base)
        await silence(stage, watched, base)
        await refused(stage, watched, base)
    await absent(stage)


async def press_to(page: Page, wanted: str, seen: list[dict]) -> None:
    """Moves the focus on to an element by the key alone."""
    for _ in range(60):
        focus = await page.evaluate(FOCUS)
        if wanted in (focus["id"], focus["name"]):
            return
        await page.keyboard.press("Tab")
        seen.append(await page.evaluate(FOCUS))
    raise AssertionError(f"Tab does not lead to {wanted}; it led to {[one['id'] or one['name'] for one in seen]}")


async def keyboard(stage: Stage, watched: Watched, base: str, channel: str) -> None:
    client = await TestClient.open(watched, base)
    page, seen = client.page, []
    await page.evaluate("addEventListener('mousedown', () => { globalThis.clicked = true; })")
    await press_to(page, "Connect", seen)
    await page.keyboard.press("Enter")
    await expect(page.locator("#badge")).to_have_attribute("data-state", "connected")
    await press_to(page, "email", seen)
    await page.keyboard.type(ATTENDANT)
    await press_to(page, "password", seen)
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#user-auth")).to_be_focused()
    stage.check("the focus goes on where the form was that is done", True)
    await expect(page.get_by_label("Channel", exact=True)).to_have_value(channel)
    await press_to(page, "Subscribe", seen)
    await page.keyboard.press("Space")
    await client.joined(channel)
    await press_to(page, f"Unsubscribe from {channel}", seen)
    await page.keyboard.press("Enter")
    await expect(client.card(channel)).to_have_count(0)
    await expect(page.get_by_label("Channel", exact=True)).to_be_focused()
    stage.check("sign in, connect, subscribe and leave need no mouse", not await page.evaluate("globalThis.clicked"))
    hidden = [one for one in seen if not one["shown"] and one["tag"] != "BODY"]
    stage.check("the focus is seen at every step", not hidden, hidden[:3] or f"{len(seen)} steps")
    log = page.get_by_role("log")
    await expect(log).to_have_attribute("aria-live", "polite")
    await page.get_by_label("Read aloud").uncheck()
    await expect(log).to_have_attribute("aria-live", "off")
    stage.check("frames are read aloud as they come, until somebody does not want that", True)


async def accessible(stage: Stage, watched: Watched, base: str, channel: str, scheme: str) -> None:
    client = await TestClient.open(watched, base, color_scheme=scheme)
    await client.sign_in(ATTENDANT)
    await client.connect()
    await client.subscribe(channel)
    page = client.page
    await page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    options = {"runOnly": {"type": "tag", "values": RULES}}
    found = (await Axe().run(page, options=options)).response["violations"]
    serious = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in ("serious", "critical")]
    minor = [one["id"] for one in found if one["impact"] not in ("serious", "critical")]
    stage.check(f"axe finds nothing in the {scheme} page", not found, serious[:5] + minor)
    await page.screenshot(path=stage.folder / f"{scheme}.png", full_page=True)
    if scheme == "light":
        # The tool does find what is wrong.
        await page.evaluate("document.querySelector('label[for=channel]').remove()")
        found = (await Axe().run(page, options=options)).response["violations"]
        stage.check("axe finds a field without its label", "label" in [one["id"] for one in found])


async def narrow(stage: Stage, watched: Watched, base: str) -> None:
    client = await TestClient.open(watched, base, viewport={"width": 320, "height": 640})
    await client.connect()
    widths = await client.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    stage.check("on a narrow screen nothing has to be scrolled sideways", widths[0] <= widths[1], widths)
    await client.page.screenshot(path=stage.folder / "narrow.png", full_page=True)


async def a_library(stage: Stage, watched: Watched, base: str, channel: str) -> None:
    client = await TestClient.open(watched, base)
    await client.sign_in(ATTENDANT)
    await client.page.get_by_label("pusher-js, as this node has it").check()
    await client.connect()
    await client.subscribe(channel)
    driven = await client.page.evaluate("globalThis.driven")
    good = driven["channels"] == [channel] and driven["auth"].startswith(driven["key"] + ":")
    await client.page.get_by_role("button", name="Sign in the socket").click()
    await expect(client.page.locator("#state")).to_contain_text("signed in as")
    stage.check("where the operator has pusher-js the page drives it, and has its subscriptions signed", good, driven)


async def rules(stage: Stage, watched: Watched, base: str) -> None:
    """What the page's modules know of the protocol, asked of them in the browser."""
    page = await watched.page(f"{base}/client/pusher.html")
    found = await page.evaluate("""async () => {
      const {afterClose, pause, parse, address} = await import("/client/protocol.js");
      const {Channel} = await import("/client/channel.js");
      const there = new Channel("presence-tenant.1.property.2");
      const say = (event, data) => there.take(parse(JSON.stringify({event, channel: there.name, data: JSON.stringify(data)})));
      say("pusher_internal:subscription_succeeded", {presence: {count: 1, ids: ["7"], hash: {7: {name: "Ana"}}}});
      say("pusher_internal:member_added", {user_id: "8", user_info: {name: "Bo"}});
      const both = [...there.members.keys()];
      say("pusher_internal:member_removed", {user_id: "7"});
      return {
        closes: [4000, 4001, 4099, 4100, 4200, 4299, 4301, 1006, 1000].map(afterClose),
        pauses: [pause("now", 0), pause("later", 0), pause("later", 1), pause("later", 3, () => 1), pause("now", 9, () => 0)],
        address: address({host: "h", port: 443, secure: true, key: "a/b"}),
        both, left: [...there.members].map(([id, info]) => [id, info.name]), broken: parse("{"), text: parse('{"event":"x","data":"y"}').data,
      };
    }""")
    stage.check("a close code asks for what the protocol says", found["closes"] == [
        "tls", "never", "never", "later", "now", "now", "never", "later", "later"], found["closes"])
    stage.check("who fails again and again waits longer, but never long", found["pauses"] == [0, 1, 1, 4, 15], found["pauses"])
    stage.check("a key cannot leave its place in the address", found["address"].startswith("wss://h/app/a%2Fb?protocol=7&"))
    stage.check("who comes and goes is kept", found["both"] == ["7", "8"] and found["left"] == [["8", "Bo"]], found["left"])
    stage.check("what is no frame is none, and text stays text", found["broken"] is None and found["text"] == "y")


async def silence(stage: Stage, watched: Watched, base: str) -> None:
    """Time passes as the test says: after two minutes without a word the page asks, and gives up on a server that is mute."""
    client = await TestClient.open(watched, base)
    page = client.page
    await page.clock.install()
    await client.connect()
    await page.clock.fast_forward(121_000)
    answered = page.locator('#log li[data-kind="in"]').filter(has_text="pusher:pong")
    await expect(answered).to_have_count(1)
    stage.check("a quiet connection is asked whether it lives, and answers", True)

    client = await TestClient.open(watched, base)
    page = client.page
    await page.clock.install()
    greeting = json.dumps({"event": "pusher:connection_established", "data": json.dumps(
        {"socket_id": "1.2", "activity_timeout": 60})})
    await page.route_web_socket("**/app/**", lambda socket: socket.send(greeting))
    await client.connect()
    await page.clock.fast_forward(61_000)
    await expect(page.locator('#log li[data-kind="out"]').filter(has_text="pusher:ping")).to_have_count(1)
    stage.check("a server that is mute is not given up at once", await client.state() == "connected")
    await page.clock.fast_forward(31_000)
    await expect(page.locator("#badge")).to_have_attribute("data-state", "unavailable")
    stage.check("and is after half a minute more", "no pong" in await page.locator("#last-close").inner_text())


async def refused(stage: Stage, watched: Watched, base: str) -> None:
    client = await TestClient.open(watched, base)
    await client.page.get_by_label("Key of the app").fill("nobody's")
    await client.page.get_by_role("button", name="Connect", exact=True).click()
    await expect(client.page.locator("#badge")).to_have_attribute("data-state", "failed")
    said = await client.page.locator("#last-close").inner_text()
    stage.check("a refusal for good is taken as one", said.startswith("4001") and "does not come back" in said, said)


async def absent(stage: Stage) -> None:
    """Without the setting there is nothing of it, and what the page is made of is served in one piece with it."""
    async with hotel(stage, nodes=1, BELLHOP_TEST_CLIENTS="0") as cluster:
        base = cluster.nodes[0].url
        there = {str(path.relative_to(WEB)) for path in pathlib.Path(WEB, "client").rglob("*") if path.is_file()}
        found = [path for path in there | {"client/vendor/pusher.js", "client/"} if (await get(f"{base}/{path}")).status != 404]
        stage.check("without BELLHOP_TEST_CLIENTS no part of it is served", there and not found, found or f"{len(there)} files")
        stage.check("the pages of everybody are", (await get(f"{base}/")).status == 200)
        document = await get(f"{base}/asyncapi.json")
        tag = document.fields["etag"]
        again = await get(f"{base}/asyncapi.json", fields={"If-None-Match": tag})
        small = await get(f"{base}/asyncapi.json", fields={"Accept-Encoding": "gzip"})
        stage.check("the AsyncAPI document is there for everybody, small, and known again by its tag",
                    json.loads(document.body)["asyncapi"] == "3.0.0" and again.status == 304
                    and small.fields["content-encoding"] == "gzip" and len(small.body) < len(document.body) // 4,
                    f"{len(document.body)} bytes, {len(small.body)} as gzip")
