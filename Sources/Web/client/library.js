// pusher-js, where the operator has put it beside this page, driven as the page drives its own connection: so that an integrator
// sees what the real library makes of this cluster.

import { Channel } from "./channel.js";
import { parse } from "./protocol.js";

const PATH = "/client/vendor/pusher.js";

/** Whether this node has the library. */
export async function isOffered() {
  // Asked for itself it would be an error in the console where it is not there.
  const offer = await fetch("/client/vendor/offer.json").then((response) => response.json()).catch(() => null);
  return offer?.pusher_js === true;
}

/** @returns {Promise<any>} its class */
function load() {
  return new Promise((resolve, reject) => {
    if ("Pusher" in globalThis) return resolve(/** @type {any} */ (globalThis).Pusher);
    const script = document.createElement("script");
    script.src = PATH;
    script.addEventListener("load", () => resolve(/** @type {any} */ (globalThis).Pusher));
    script.addEventListener("error", () => reject(new Error("pusher-js could not be loaded")));
    document.head.append(script);
  });
}

/** What the library calls its states, as the page's own connection does. */
const STATES = /** @type {const} */ ({
  initialized: "idle", connecting: "connecting", connected: "connected", unavailable: "unavailable", failed: "failed",
  disconnected: "idle",
});

/** Tells what {@link import("./connection.js").Connection} tells; it subscribes again by itself, without a position. */
export class LibraryConnection extends EventTarget {
  /** @type {any} */ #pusher = null;

  /**
   * @param {{host: string, port: number, secure: boolean, key: string}} place
   * @param {import("./connection.js").Authorise} authorise
   * @param {import("./connection.js").UserAuth} userAuth
   */
  constructor(place, authorise, userAuth) {
    super();
    this.place = place;
    this.authorise = authorise;
    this.userAuth = userAuth;
    /** @type {import("./connection.js").Connection["state"]} */
    this.state = "idle";
    this.words = "Not connected";
    this.reconnects = 0;
    this.lastClose = "";
    this.activitySeconds = 120;
    this.user = "";
    /** @type {Map<string, Channel>} */
    this.channels = new Map();
  }

  get socketID() {
    return this.#pusher?.connection.socket_id ?? "";
  }

  async connect() {
    const Pusher = await load();
    const { host, port, secure, key } = this.place;
    this.#pusher = new Pusher(key, {
      cluster: "", wsHost: host, wsPort: port, wssPort: port, forceTLS: secure, enabledTransports: ["ws", "wss"],
      channelAuthorization: {
        customHandler: (/** @type {any} */ { socketId, channelName }, /** @type {any} */ answer) => {
          this.authorise(socketId, channelName).then((signed) => answer(null, signed), (error) => {
            // The library tells this to those who bind to the channel, and to nobody else.
            const channel = this.channels.get(channelName);
            channel?.refuse(error instanceof Error ? error.message : String(error));
            this.#tell("channel", channel);
            answer(error, null);
          });
        },
      },
      userAuthentication: {
        customHandler: (/** @type {any} */ { socketId }, /** @type {any} */ answer) => {
          this.userAuth(socketId).then((signed) => answer(null, signed), (error) => {
            this.#tell("note", `Not signed in: ${error instanceof Error ? error.message : error}`);
            answer(error, null);
          });
        },
      },
    });
    this.#pusher.connection.bind("state_change", (/** @type {any} */ { current }) => this.#changed(current));
    this.#pusher.connection.bind("message", (/** @type {any} */ message) => this.#take(message));
    this.#changed(this.#pusher.connection.state);
    for (const name of this.channels.keys()) this.#pusher.subscribe(name);
  }

  disconnect() {
    this.#pusher?.disconnect();
  }

  drop() {
    this.#tell("note", "pusher-js does not let go of its socket by hand");
  }

  retry() {
    if (this.state === "unavailable") this.#pusher?.connect();
  }

  /** @param {string} name */
  subscribe(name) {
    const channel = this.channels.get(name) ?? new Channel(name);
    channel.state = "asking";
    this.channels.set(name, channel);
    this.#pusher?.subscribe(name);
    this.#tell("channel", channel);
    return channel;
  }

  /** @param {string} name */
  unsubscribe(name) {
    const channel = this.channels.get(name);
    if (!channel || !this.channels.delete(name)) return;
    this.#pusher?.unsubscribe(name);
    this.#tell("channel", channel);
  }

  /**
   * @param {string} channel
   * @param {string} event
   * @param {unknown} data
   */
  whisper(channel, event, data) {
    return this.#pusher?.channel(channel)?.trigger(event, data) === true;
  }

  /** The library asks for what it needs. */
  async signIn() {
    this.#pusher?.signin();
  }

  #changed(/** @type {string} */ current) {
    const before = this.state;
    this.state = STATES[/** @type {keyof STATES} */ (current)] ?? "connecting";
    this.words = `pusher-js says: ${current}`;
    if (this.state === "connected" && before === "unavailable") this.reconnects += 1;
    if (this.state !== "connected") for (const channel of this.channels.values()) channel.lost();
    this.#tell("state");
  }

  #take(/** @type {any} */ message) {
    const text = JSON.stringify(message);
    const frame = parse(text);
    // The library gives the data already read; the number of an event is in its meta too.
    if (frame && frame.seq === undefined && typeof frame.data?.meta?.seq === "number") frame.seq = frame.data.meta.seq;
    const channel = frame?.channel === undefined ? undefined : this.channels.get(frame.channel);
    if (frame?.event === "pusher:signin_success") {
      this.user = String(parse(JSON.stringify({ event: "x", data: frame.data?.user_data }))?.data?.id ?? "");
      this.#tell("state");
    }
    if (frame && channel) {
      channel.take(frame);
      this.#tell("channel", channel);
    }
    this.#tell("frame", { direction: "in", text, frame });
  }

  #tell(/** @type {string} */ what, /** @type {unknown} */ detail = undefined) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }
}
