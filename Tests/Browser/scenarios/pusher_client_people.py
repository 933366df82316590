"""People in the test client: colleagues see each other, sockets sign in, pages whisper.

The first two are of the hotel; then those of an external app, with what its back end has signed.
"""

import hashlib
import hmac
import json

from document import documented
from harness.cluster import EXTERNAL, Cluster
from harness.login import sign_in
from harness.stage import Stage
from harness.waiting import eventually
from pages import ATTENDANT, TestClient, Watched, browser, expect, hotel

SECONDS = 420


async def play(stage: Stage) -> None:
    async with hotel(stage) as cluster, browser(stage) as watched:
        await colleagues(stage, cluster, watched)
        await whispers(stage, cluster, watched)
        await presence(stage, cluster, watched)


async def colleagues(stage: Stage, cluster: Cluster, watched: Watched) -> None:
    """Two of the staff at two nodes see each other, and one signs in the socket."""
    pages = [await TestClient.open(watched, node.url) for node in cluster.nodes]
    who = await sign_in(cluster.url, ATTENDANT)
    channel = who.channel.replace("private-", "presence-")
    for client, email in zip(pages, (ATTENDANT, "housekeeping_supervisor@aegean.example")):
        await client.sign_in(email)
        await client.connect()
        await client.subscribe(channel)
    for client in pages:
        await expect(client.card(channel)).to_contain_text("2 here")
    names = await pages[0].card(channel).locator(".members li").all_text_contents()
    stage.check("staff on a presence channel see each other by name, across nodes",
                len(names) == 2 and all(name.split(" (")[0].strip() for name in names), names)
    client = pages[0]
    await client.page.get_by_role("button", name="Sign in the socket").click()
    await expect(client.page.locator("#state")).to_contain_text(f"signed in as {who.user}")
    await client.joined(f"#server-to-user-{who.user}")
    await client.subscribe(f"user.{who.user}")
    stage.check("a socket of the hotel signs in, and may use the bare name of its user", True)
    await client.page.get_by_role("button", name="Drop the socket").click()
    await eventually(client.is_back, 20, "a socket that was dropped comes back")
    await client.joined(f"user.{who.user}")
    await client.joined(f"#server-to-user-{who.user}")
    await client.joined(channel)
    stage.check("after a loss it signs in again before it subscribes", True)
    await documented(stage, client, cluster.nodes[0].url, "pusher:signin_success")
    await pages[1].page.get_by_role("button", name="Sign out").click()


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
