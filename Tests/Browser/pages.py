"""A browser, and the test client in it: what a person does there, and what a page must never do."""

import contextlib
import json
import pathlib
from collections.abc import AsyncIterator, Callable

from harness import login
from harness.cluster import DOMAIN_KEY, EXTERNAL, Cluster
from harness.stage import Stage
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

CHROMIUM = "/usr/bin/chromium"
WEB = pathlib.Path(__file__).resolve().parents[2] / "Sources/Web"
PATIENCE = 30_000
ATTENDANT = "room_attendant@aegean.example"
# What a page must not do, noted by the page itself before anything of it runs.
WATCH = """addEventListener('securitypolicyviolation', (event) => {
  (globalThis.violations ??= []).push(`${event.violatedDirective} ${event.blockedURI}`);
});"""


@contextlib.asynccontextmanager
async def browser(stage: Stage) -> AsyncIterator["Watched"]:
    """A browser that is gone afterwards; at the end the stage is told what its pages did wrong."""
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        watched = Watched(chromium)
        try:
            yield watched
            await watched.judge(stage)
        finally:
            await chromium.close()


@contextlib.asynccontextmanager
async def hotel(stage: Stage, *, nodes: int = 2, **settings: str) -> AsyncIterator[Cluster]:
    """A cluster with the demo hotels, whose nodes serve the test clients; external apps may whisper."""
    stage.folder.mkdir(parents=True, exist_ok=True)
    options = stage.folder / "apps.json"
    options.write_text(json.dumps({EXTERNAL.id: {"client_events": True}}))
    served = {"BELLHOP_WEB": str(WEB), "BELLHOP_TEST_CLIENTS": "1", "BELLHOP_APPS_FILE": str(options)} | settings
    async with stage.cluster([], nodes=nodes, settings=served) as cluster:
        await login.seed(cluster)
        yield cluster


class Watched:
    """Contexts and their pages, with all that they complain of."""

    def __init__(self, chromium: Browser) -> None:
        self.chromium = chromium
        self.pages: list[Page] = []
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        # What a server that is killed on purpose makes a browser say.
        self.expected = ("net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")

    async def context(self, **options) -> BrowserContext:
        context = await self.chromium.new_context(**options)
        await context.add_init_script(WATCH)
        return context

    async def page(
        self, url: str, context: BrowserContext | None = None, prepare: Callable[[Page], None] = lambda _: None,
        **options,
    ) -> Page:
        """A new page there."""
        page = await (context or await self.context(**options)).new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("request", lambda request: self._note(url, request.url))
        prepare(page)
        self.pages.append(page)
        await page.goto(url)
        return page

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(word in text for word in self.expected):
            self.complaints.append(f"{kind}: {text}")

    def _note(self, base: str, url: str) -> None:
        origin = "/".join(base.split("/")[:3])
        if not url.startswith((origin + "/", origin.replace("http", "ws") + "/")):
            self.strangers.append(url)

    async def judge(self, stage: Stage) -> None:
        violations = [
            one for page in self.pages if not page.is_closed() for one in await page.evaluate("globalThis.violations ?? []")]
        stage.check("the policy of the pages is kept", not violations, violations)
        stage.check("nothing is asked of another place", not self.strangers, self.strangers[:5])
        stage.check("the browser has nothing to complain of", not self.complaints, self.complaints[:5])


class TestClient:
    """The page /client/pusher.html, as a person uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        # Every text frame that came over a socket.
        self.frames: list[dict] = []

    @staticmethod
    async def open(watched: Watched, base: str, **options) -> "TestClient":
        frames: list[dict] = []

        def listen(page: Page) -> None:
            page.on("websocket", lambda socket: socket.on("framereceived", lambda text: frames.append(json.loads(text))))

        client = TestClient(await watched.page(f"{base}/client/pusher.html", prepare=listen, **options))
        client.frames = frames
        # The key comes from the document of the protocol.
        await expect(client.page.get_by_label("Key of the app")).to_have_value(DOMAIN_KEY)
        return client

    async def sign_in(self, email: str) -> None:
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_label("Password").fill(login.PASSWORD)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(self.page.locator("#signed-in")).to_be_visible()

    async def connect(self) -> None:
        await self.page.get_by_role("button", name="Connect", exact=True).click()
        await expect(self.page.locator("#badge")).to_have_attribute("data-state", "connected")

    async def use_app(self, key: str) -> None:
        """Turns to an external app."""
        await self.page.get_by_label("An external app", exact=False).check()
        await self.page.get_by_label("Key of the app").fill(key)

    async def subscribe(self, channel: str) -> None:
        await self.page.get_by_label("Channel", exact=True).fill(channel)
        await self.page.get_by_role("button", name="Subscribe", exact=True).click()
        await self.joined(channel)

    async def joined(self, channel: str) -> None:
        await expect(self.card(channel)).to_have_attribute("data-state", "joined")

    def card(self, channel: str) -> Locator:
        return self.page.locator(f'#channels > li[data-channel="{channel}"]')

    def line(self, event: str, seq: int) -> Locator:
        """The line of the log with this event."""
        return self.page.locator(f'#log li[data-seq="{seq}"]').filter(has_text=event)

    async def seqs(self) -> list[int]:
        """The numbers of all events in the log, as they stand there."""
        lines = self.page.locator('#log li[data-kind="in"][data-seq]').filter(has_text="RoomStatusChanged")
        return [int(seq) for seq in await lines.evaluate_all("lines => lines.map(line => line.dataset.seq)")]

    async def state(self) -> str | None:
        return await self.page.locator("#badge").get_attribute("data-state")

    async def is_back(self) -> bool:
        """Whether the socket was dropped by hand, and there is one again."""
        said = await self.page.locator("#last-close").inner_text()
        return "3000" in said and await self.state() == "connected"
