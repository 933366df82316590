// The page: brings together who signs in, the connection, and what is shown of both.

import { Account, Refusal } from "./account.js";
import { ChannelList } from "./channels.js";
import { Connection, Refused } from "./connection.js";
import { byID, make } from "./dom.js";
import { LibraryConnection, isOffered } from "./library.js";
import { FrameLog } from "./log.js";
import { isChannelName } from "./protocol.js";
import { Snippets } from "./snippets.js";

const secure = location.protocol === "https:";
const place = { host: location.hostname, port: Number(location.port) || (secure ? 443 : 80), secure };

const account = new Account();
const log = new FrameLog();
const snippets = new Snippets(byID("snippets", HTMLElement));
const channels = new ChannelList({
  leave: (name) => connection?.unsubscribe(name),
  again: (name) => connection?.subscribe(name),
});
/** @type {Connection | LibraryConnection | null} */
let connection = null;
/** The key of Bellhop's own app, as the document of the protocol says it. */
let ownKey = "";
/** What a back end has signed, by channel, each for one socket. */
const pasted = new Map();
/** What was looked at last, for the code beside it. */
const seen = { channel: "", event: "RoomStatusChanged" };

const form = byID("connection-form", HTMLFormElement);
const key = byID("key", HTMLInputElement);

const chosen = (/** @type {string} */ name) => String(new FormData(form).get(name) ?? "");
const isOwn = () => chosen("app") === "own";

/** @param {string} id */
function say(id, /** @type {string} */ words, /** @type {"good" | "bad"} */ tone = "good") {
  const note = byID(id, HTMLElement);
  note.dataset.tone = tone;
  note.textContent = words;
}

// MARK: The connection

/** @type {import("./connection.js").Authorise} */
const authorise = async (socketID, channel) => {
  if (isOwn()) return account.authorise(socketID, channel);
  const signed = pasted.get(channel);
  if (!signed) throw new Refused("paste the auth string that your back end has signed for this socket");
  if (signed.socketID !== socketID) throw new Refused("the auth string was signed for another socket");
  return signed.answer;
};

/** @type {import("./connection.js").UserAuth} */
const userAuth = async (socketID) => {
  if (isOwn()) return account.userAuth(socketID);
  throw new Refused("a new socket needs a new auth string for the user");
};

async function connect() {
  const wanted = { ...place, key: key.value.trim() };
  const kind = chosen("engine") === "library" ? LibraryConnection : Connection;
  // The same again goes on where it was.
  if (kind === Connection && connection instanceof Connection && connection.place.key === wanted.key) {
    return connection.connect();
  }
  const names = [...(connection?.channels.keys() ?? [])].filter((name) => !name.startsWith("#"));
  connection?.disconnect();
  const next = new kind(wanted, authorise, userAuth);
  connection = next;
  next.addEventListener("state", showState);
  next.addEventListener("channel", showChannels);
  next.addEventListener("note", (note) => log.note(/** @type {CustomEvent} */ (note).detail));
  next.addEventListener("frame", (event) => {
    const { direction, text, frame } = /** @type {CustomEvent} */ (event).detail;
    log.add(direction, text, frame);
    if (direction === "in" && typeof frame?.seq === "number" && frame.channel && !/^(pusher|bellhop)/.test(frame.event)) {
      Object.assign(seen, { channel: frame.channel, event: frame.event });
    }
    showSnippets();
  });
  for (const name of names) next.subscribe(name);
  try {
    await next.connect();
  } catch (error) {
    log.note(error instanceof Error ? error.message : String(error));
  }
  showState();
}

function showState() {
  if (!connection) return;
  byID("badge", HTMLElement).dataset.state = connection.state;
  byID("state", HTMLOutputElement).value = connection.words + (connection.user ? `, signed in as ${connection.user}` : "");
  byID("socket-id", HTMLElement).textContent = connection.socketID || "none";
  byID("activity", HTMLElement).textContent = `${connection.activitySeconds} s`;
  byID("reconnects", HTMLElement).textContent = String(connection.reconnects);
  byID("last-close", HTMLElement).textContent = connection.lastClose || "—";
  showToSign();
}

function showChannels() {
  const all = [...(connection?.channels.values() ?? [])];
  channels.show(all);
  byID("disorder", HTMLElement).textContent = String(all.reduce((sum, one) => sum + one.disorder, 0));
  const select = byID("whisper-channel", HTMLSelectElement);
  const names = all.filter((one) => one.kind.needsAuth).map((one) => one.name);
  if (names.join() !== [...select.options].map((option) => option.value).join()) {
    const before = select.value;
    select.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
    if (names.includes(before)) select.value = before;
  }
}

form.addEventListener("submit", (submit) => {
  submit.preventDefault();
  connect();
});
byID("disconnect", HTMLButtonElement).addEventListener("click", () => connection?.disconnect());
byID("drop", HTMLButtonElement).addEventListener("click", () => connection?.drop());
for (const radio of form.querySelectorAll('input[name="app"]')) {
  radio.addEventListener("change", () => {
    key.value = isOwn() ? ownKey : "";
    byID("pasted", HTMLElement).hidden = isOwn();
    say("account-note", "");
    showAccount();
    byID("channel-hint", HTMLElement).textContent =
      isOwn() ? "After signing in, yours are offered." : "Names of your app are its own: its private-a is not the hotel’s.";
    // Nothing that was subscribed with one app means anything with another.
    connection?.disconnect();
    connection = null;
    showChannels();
    showSnippets();
  });
}

// MARK: Who it is

byID("login-form", HTMLFormElement).addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const password = byID("password", HTMLInputElement);
  try {
    await account.signIn(byID("email", HTMLInputElement).value, password.value);
  } catch (error) {
    const isWrong = error instanceof Refusal && error.status === 401;
    return say("account-note", isWrong ? "E-mail or password is wrong." : `Not signed in: ${words(error)}`, "bad");
  }
  password.value = "";
  say("account-note", "");
  showAccount();
  byID("user-auth", HTMLButtonElement).focus();
  offer(await account.channels().catch(() => []));
  for (const channel of connection?.channels.values() ?? []) {
    if (channel.state === "refused") connection?.subscribe(channel.name);
  }
});

byID("logout", HTMLButtonElement).addEventListener("click", async () => {
  await account.signOut();
  offer([]);
  showAccount();
  byID("email", HTMLInputElement).focus();
});

byID("user-auth", HTMLButtonElement).addEventListener("click", async () => {
  if (!connection?.socketID) return say("account-note", "Connect first.", "bad");
  try {
    await connection.signIn();
    say("account-note", "Sent pusher:signin.");
  } catch (error) {
    say("account-note", `Refused: ${words(error)}`, "bad");
  }
});

byID("pasted-user-form", HTMLFormElement).addEventListener("submit", (submit) => {
  submit.preventDefault();
  if (!connection?.socketID) return say("account-note", "Connect first.", "bad");
  const user_data = byID("user-data", HTMLInputElement).value;
  connection.signIn({ auth: byID("user-auth-string", HTMLInputElement).value.trim(), user_data });
  say("account-note", "Sent pusher:signin.");
});

function showAccount() {
  byID("login-form", HTMLFormElement).hidden = account.user !== null || !isOwn();
  byID("signed-in", HTMLElement).hidden = account.user === null || !isOwn();
  byID("pasted-user-form", HTMLFormElement).hidden = isOwn();
  byID("who", HTMLElement).textContent = account.user?.name ?? "";
  byID("roles", HTMLElement).textContent = account.user?.roles.join(", ") ?? "";
}

/** Offers the user's channels, that of a property first: most happens there. */
function offer(/** @type {string[]} */ names) {
  byID("known-channels", HTMLDataListElement).replaceChildren(...names.map((name) => make("option", { value: name })));
  const input = byID("channel", HTMLInputElement);
  const busy = names.find((name) => /^private-tenant\.[^.]+\.property\.[^.]+$/.test(name)) ?? names[0];
  if (!input.value && busy) input.value = busy;
  byID("channel-hint", HTMLElement).textContent =
    names.length ? `${names.length} channels are yours: the field offers them.` : "After signing in, yours are offered.";
  showSnippets();
}

const words = (/** @type {unknown} */ error) => (error instanceof Error ? error.message : String(error));

// MARK: Channels and whispers

const channelName = byID("channel", HTMLInputElement);
channelName.addEventListener("input", () => {
  channelName.setCustomValidity("");
  showToSign();
});

for (const id of ["channel-data", "user-data"]) byID(id, HTMLInputElement).addEventListener("input", showToSign);

/** What a back end signs for an external app. */
function showToSign() {
  const name = channelName.value.trim() || "channel";
  const data = byID("channel-data", HTMLInputElement).value;
  const socketID = connection?.socketID || "socket_id";
  byID("to-sign", HTMLElement).textContent = `${socketID}:${name}${data ? `:${data}` : ""}`;
  const user = byID("user-data", HTMLInputElement).value || "user_data";
  byID("user-to-sign", HTMLElement).textContent = `${socketID}::user::${user}`;
}

byID("subscribe-form", HTMLFormElement).addEventListener("submit", (submit) => {
  submit.preventDefault();
  const name = channelName.value.trim();
  if (!isChannelName(name)) {
    channelName.setCustomValidity("A name has 1 to 164 letters, digits and _ - = @ , . ;");
    return channelName.reportValidity();
  }
  const auth = byID("auth", HTMLInputElement).value.trim();
  const data = byID("channel-data", HTMLInputElement).value;
  if (auth) {
    const answer = data ? { auth, channel_data: data } : { auth };
    pasted.set(name, { socketID: connection?.socketID ?? "", answer });
  }
  if (!connection) log.note("Not connected yet: connecting");
  const next = connection ? Promise.resolve() : connect();
  next.then(() => connection?.subscribe(name));
  seen.channel = name;
  showSnippets();
});

byID("whisper-form", HTMLFormElement).addEventListener("submit", (submit) => {
  submit.preventDefault();
  let data;
  try {
    data = JSON.parse(byID("whisper-data", HTMLTextAreaElement).value || "null");
  } catch {
    return say("whisper-note", "The data is not JSON.", "bad");
  }
  const event = byID("whisper-event", HTMLInputElement).value;
  const isSent = connection?.whisper(byID("whisper-channel", HTMLSelectElement).value, event, data) === true;
  say("whisper-note", isSent ? "Sent; there is no answer to what is allowed." : "Not connected.", isSent ? "good" : "bad");
});

// MARK: Code

function showSnippets() {
  const name = seen.channel || channelName.value.trim() || "private-tenant.TENANT.property.PROPERTY";
  const channel = connection?.channels.get(name);
  snippets.show({
    ...place, key: key.value.trim() || "KEY-OF-THE-APP", isOwn: isOwn(), channel: name, event: seen.event,
    seq: channel?.seq ?? null, epoch: channel?.epoch ?? null,
  });
}
key.addEventListener("input", showSnippets);

async function begin() {
  showSnippets();
  const document = await fetch("/asyncapi.json").then((response) => response.json()).catch(() => null);
  ownKey = document?.servers?.plain?.variables?.key?.default ?? "";
  if (isOwn() && !key.value) key.value = ownKey;
  byID("engine", HTMLElement).hidden = !(await isOffered());
  showSnippets();
}

begin();
