// The code with which an integrator gets what the page shows, filled with what the page used.

import { button, make } from "./dom.js";
import { kindOf } from "./protocol.js";

/**
 * @typedef {{host: string, port: number, secure: boolean, key: string, isOwn: boolean, channel: string, event: string,
 *   seq: number | null, epoch: number | null}} Subject
 */

const quoted = (/** @type {string} */ text) => JSON.stringify(text);

/** @param {Subject} subject */
function base({ host, port, secure }) {
  return `${secure ? "https" : "http"}://${host}${port === (secure ? 443 : 80) ? "" : `:${port}`}`;
}

/** @param {Subject} subject */
export function pusherJS(subject) {
  const { host, port, secure, key, channel, event } = subject;
  return `import Pusher from "pusher-js";

const pusher = new Pusher(${quoted(key)}, {
  cluster: "",
  wsHost: ${quoted(host)},
  wsPort: ${port},
  wssPort: ${port},
  forceTLS: ${secure},
  enabledTransports: ["ws", "wss"],
  channelAuthorization: {
    endpoint: ${quoted(subject.isOwn ? `${base(subject)}/broadcasting/auth` : "/broadcasting/auth")},
    transport: "ajax",${subject.isOwn ? `
    headersProvider: () => ({ Authorization: \`Bearer \${accessToken}\` }),` : ""}
  },
});

const channel = pusher.subscribe(${quoted(channel)});
channel.bind(${quoted(event)}, (data) => console.log(${subject.isOwn ? "data.meta.seq, " : ""}data));
`;
}

/** @param {Subject} subject */
export function echo(subject) {
  const { host, port, secure, key, channel, event } = subject;
  const kind = kindOf(channel);
  const name = channel.replace(/^(private|presence)-/, "");
  const join = kind.isPresence ? "join" : kind.needsAuth ? "private" : "channel";
  return `import Echo from "laravel-echo";
import Pusher from "pusher-js";

window.Pusher = Pusher;
const echo = new Echo({
  broadcaster: "reverb",
  key: ${quoted(key)},
  wsHost: ${quoted(host)},
  wsPort: ${port},
  wssPort: ${port},
  forceTLS: ${secure},
  enabledTransports: ["ws", "wss"],${subject.isOwn ? `
  authEndpoint: ${quoted(`${base(subject)}/broadcasting/auth`)},
  bearerToken: accessToken,` : ""}
});

// The dot says that the name has no namespace in front.
echo.${join}(${quoted(name)}).listen(${quoted(`.${event}`)}, (data) => console.log(data));
`;
}

/** @param {Subject} subject */
export function environment(subject) {
  const key = subject.isOwn ? "KEY-OF-YOUR-APP" : subject.key;
  return `# A back end that broadcasts by itself is an app of its own: the operator names it in BELLHOP_APPS
# and gives you its id and secret. The hotel's own app takes no events from outside.
BROADCAST_CONNECTION=pusher
PUSHER_APP_ID=ID-OF-YOUR-APP
PUSHER_APP_KEY=${key}
PUSHER_APP_SECRET=SECRET-OF-YOUR-APP
PUSHER_HOST=${subject.host}
PUSHER_PORT=${subject.port}
PUSHER_SCHEME=${subject.secure ? "https" : "http"}
PUSHER_APP_CLUSTER=mt1

VITE_PUSHER_APP_KEY="\${PUSHER_APP_KEY}"
VITE_PUSHER_HOST="\${PUSHER_HOST}"
VITE_PUSHER_PORT="\${PUSHER_PORT}"
VITE_PUSHER_SCHEME="\${PUSHER_SCHEME}"
`;
}

/** @param {Subject} subject */
export function frames(subject) {
  const { host, port, secure, key, channel } = subject;
  const needsAuth = kindOf(channel).needsAuth;
  const signed = needsAuth ? { auth: `${key}:SIGNATURE`, ...(subject.isOwn ? { channel_data: "AS-IT-CAME" } : {}) } : { auth: "" };
  const since = subject.seq === null || subject.epoch === null ? {} : { since: subject.seq, epoch: subject.epoch };
  const data = { channel, ...signed, ...since };
  return `# Connect
${secure ? "wss" : "ws"}://${host}:${port}/app/${key}?protocol=7&client=mine&version=1

# The server greets: keep socket_id
${needsAuth && subject.isOwn ? `
# Have the subscription signed
POST ${base(subject)}/broadcasting/auth
Authorization: Bearer ACCESS-TOKEN
Content-Type: application/json

{"socket_id":"SOCKET-ID","channel_name":${quoted(channel)}}
` : ""}
# Subscribe${"since" in since ? "; since and epoch bring what was missed after that event" : ""}
${JSON.stringify({ event: "pusher:subscribe", data })}
`;
}

/** The four of them, each in a part that opens. */
export class Snippets {
  /** @type {[string, (subject: Subject) => string, HTMLElement][]} */
  #parts = [];

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#add(place, "pusher-js", pusherJS);
    this.#add(place, "Laravel Echo", echo);
    this.#add(place, "Laravel .env", environment);
    this.#add(place, "The frames themselves", frames);
    place.firstElementChild?.setAttribute("open", "");
  }

  /** @param {Subject} subject */
  show(subject) {
    for (const [, write, code] of this.#parts) {
      const text = write(subject);
      if (code.textContent !== text) code.textContent = text;
    }
  }

  #add(/** @type {HTMLElement} */ place, /** @type {string} */ name, /** @type {(subject: Subject) => string} */ write) {
    const code = make("code");
    const said = make("span", { role: "status", class: "good" });
    const copy = button("Copy", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent ?? "");
        said.textContent = " copied";
      } catch {
        getSelection()?.selectAllChildren(code);
        said.textContent = " selected: copy it by hand";
      }
    });
    copy.setAttribute("aria-label", `Copy the code for ${name}`);
    place.append(
      make("details", {}, make("summary", {}, name), make("pre", {}, code), make("p", { class: "row" }, copy, said)));
    this.#parts.push([name, write, code]);
  }
}
