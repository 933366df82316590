// A connection that comes back: it greets, subscribes, stays alive, and after each loss goes on where it was.

import { Channel } from "./channel.js";
import * as protocol from "./protocol.js";

/**
 * Gives what a subscription needs to be believed; throws {@link Refused} where it will not be, and anything else where it may be
 * later.
 * @typedef {(socketID: string, channel: string) => Promise<{auth?: string, channel_data?: string}>} Authorise
 */

/**
 * Gives what a socket needs to sign in as its user.
 * @typedef {(socketID: string) => Promise<{auth: string, user_data: string}>} UserAuth
 */

/** Somebody said no: asking again would not help. */
export class Refused extends Error {}

/** Tells `state`, `frame` (detail: direction, text, frame), `channel` (detail: the channel) and `note` (detail: words). */
export class Connection extends EventTarget {
  /** @type {WebSocket | null} */ #socket = null;
  #timer = 0;
  #alarm = 0;
  #failures = 0;
  #isGreeted = false;
  #activitySeconds = 120;
  #wantsTLS = false;
  /** Whether it has been a user's, and is to be again after a loss. */
  #isUsers = false;

  /**
   * @param {{host: string, port: number, secure: boolean, key: string}} place
   * @param {Authorise} authorise
   * @param {UserAuth} userAuth
   */
  constructor(place, authorise, userAuth) {
    super();
    this.place = place;
    this.authorise = authorise;
    this.userAuth = userAuth;
    /** @type {"idle" | "connecting" | "connected" | "unavailable" | "failed"} */
    this.state = "idle";
    this.words = "Not connected";
    this.socketID = "";
    this.reconnects = 0;
    this.lastClose = "";
    /** @type {Map<string, Channel>} */
    this.channels = new Map();
    /** @type {string} Who the connection belongs to, once it has signed in. */
    this.user = "";
    this.online = () => this.retry();
  }

  get activitySeconds() {
    return this.#activitySeconds;
  }

  connect() {
    globalThis.addEventListener?.("online", this.online);
    this.#failures = 0;
    this.#open();
  }

  disconnect() {
    globalThis.removeEventListener?.("online", this.online);
    clearTimeout(this.#timer);
    this.#leave(1000);
    this.#become("idle", "Not connected");
  }

  /** Loses the socket, as on the way into a lift. */
  drop() {
    this.#socket?.close(3000, "dropped by hand");
  }

  /** Does not wait for the next attempt. */
  retry() {
    if (this.state === "unavailable") this.#open();
  }

  /** @param {string} name */
  subscribe(name) {
    const known = this.channels.get(name);
    if (known && known.state !== "refused") return known;
    const channel = known ?? new Channel(name);
    channel.state = "waiting";
    this.channels.set(name, channel);
    this.#tell("channel", channel);
    this.#ask(channel);
    return channel;
  }

  /** @param {string} name */
  unsubscribe(name) {
    const channel = this.channels.get(name);
    if (!channel || !this.channels.delete(name)) return;
    if (this.#isGreeted) this.#say(protocol.message("pusher:unsubscribe", { channel: name }));
    this.#tell("channel", channel);
  }

  /**
   * Tells the others in a channel.
   * @param {string} channel
   * @param {string} event
   * @param {unknown} data
   * @returns {boolean} whether it was sent
   */
  whisper(channel, event, data) {
    if (!this.#isGreeted) return false;
    this.#say(protocol.message(event, data, channel));
    return true;
  }

  /**
   * Says whose the socket is.
   * @param {{auth: string, user_data: string}} [signed] without it, it is asked for
   */
  async signIn(signed) {
    const socket = this.#socket;
    const data = signed ?? await this.userAuth(this.socketID);
    if (this.#socket === socket) this.#say(protocol.message("pusher:signin", data));
  }

  // The way of a socket

  #open() {
    clearTimeout(this.#timer);
    this.#leave(1000);
    const place = this.#wantsTLS ? { ...this.place, secure: true } : this.place;
    this.#become("connecting", this.reconnects || this.#failures ? "Connecting again…" : "Connecting…");
    const socket = new WebSocket(protocol.address(place));
    this.#socket = socket;
    this.#timer = setTimeout(() => socket.close(), protocol.GREETING_SECONDS * 1000);
    socket.addEventListener("message", (message) => {
      if (this.#socket === socket && typeof message.data === "string") this.#take(message.data);
    });
    socket.addEventListener("close", (close) => {
      if (this.#socket === socket) this.#closed(close.code, close.reason);
    });
  }

  /** @param {number} code */
  #leave(code) {
    const socket = this.#socket;
    this.#forget();
    socket?.close(code);
  }

  #forget() {
    clearTimeout(this.#alarm);
    this.#socket = null;
    this.#isGreeted = false;
    this.socketID = "";
    this.user = "";
    for (const channel of this.channels.values()) {
      // What a user is told belongs to the signing-in, which ends with the socket.
      if (channel.kind.isServerToUser) this.channels.delete(channel.name);
      channel.lost();
      this.#tell("channel", channel);
    }
  }

  #closed(/** @type {number} */ code, /** @type {string} */ reason) {
    clearTimeout(this.#timer);
    const advice = protocol.afterClose(code);
    this.lastClose = `${code}${reason ? ` ${reason}` : ""}: ${protocol.ADVICE[advice]}`;
    this.#tell("note", `Closed with ${this.lastClose}`);
    if (!this.#isGreeted) this.#failures += 1;
    this.#forget();
    if (advice === "never") return this.#become("failed", `Refused with ${code}`);
    if (advice === "tls") this.#wantsTLS = true;
    const seconds = protocol.pause(advice, this.#failures);
    this.#become("unavailable", seconds ? `Lost; trying again in ${Math.ceil(seconds)} s` : "Lost; trying again");
    this.#timer = setTimeout(() => this.#open(), seconds * 1000);
  }

  #become(/** @type {Connection["state"]} */ state, /** @type {string} */ words) {
    this.state = state;
    this.words = words;
    this.#tell("state");
  }

  #tell(/** @type {string} */ what, /** @type {unknown} */ detail = undefined) {
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }

  // What is heard and said

  #say(/** @type {string} */ text) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(text);
    this.#tell("frame", { direction: "out", text, frame: protocol.parse(text) });
  }

  #take(/** @type {string} */ text) {
    this.#listen();
    const frame = protocol.parse(text);
    if (frame) this.#act(frame);
    this.#tell("frame", { direction: "in", text, frame });
  }

  #act(/** @type {NonNullable<ReturnType<typeof protocol.parse>>} */ frame) {
    switch (frame.event) {
      case "pusher:connection_established": return this.#greeted(frame.data);
      case "pusher:ping": return this.#say(protocol.message("pusher:pong"));
      case "pusher:signin_success": return this.#signedIn(frame.data);
      case "pusher:pong":
      case "pusher:error":
      case "bellhop:tick": return;
    }
    const channel = frame.channel === undefined ? undefined : this.channels.get(frame.channel);
    if (!channel) return;
    channel.take(frame);
    this.#tell("channel", channel);
  }

  #greeted(/** @type {{socket_id: string, activity_timeout: number}} */ data) {
    clearTimeout(this.#timer);
    if (this.lastClose) this.reconnects += 1;
    this.#isGreeted = true;
    this.#failures = 0;
    this.socketID = data.socket_id;
    this.#activitySeconds = Math.min(120, data.activity_timeout || 120);
    this.#listen();
    this.#become("connected", "Connected");
    this.#goOn();
  }

  /** First whose it is, because some names are for users only; then all that was heard before. */
  async #goOn() {
    const socket = this.#socket;
    if (this.#isUsers) {
      try {
        await this.signIn();
      } catch (error) {
        this.#tell("note", `Not signed in again: ${error instanceof Error ? error.message : error}`);
      }
    }
    if (this.#socket !== socket) return;
    for (const channel of this.channels.values()) this.#ask(channel);
  }

  #signedIn(/** @type {{user_data?: string}} */ data) {
    try {
      this.user = String(JSON.parse(data.user_data ?? "{}").id ?? "");
    } catch {
      this.user = "";
    }
    this.#tell("state");
    this.#isUsers = this.user !== "";
    if (this.user) this.subscribe(`#server-to-user-${this.user}`);
  }

  /** After a time without anything it asks whether the server is there; without an answer the connection is lost. */
  #listen() {
    clearTimeout(this.#alarm);
    if (!this.#isGreeted) return;
    this.#alarm = setTimeout(() => {
      this.#say(protocol.message("pusher:ping"));
      this.#alarm = setTimeout(() => {
        this.#socket?.close(3000, "no pong");
        this.#closed(1006, "no pong");
      }, protocol.PONG_SECONDS * 1000);
    }, this.#activitySeconds * 1000);
  }

  async #ask(/** @type {Channel} */ channel) {
    const socket = this.#socket;
    const socketID = this.socketID;
    if (!this.#isGreeted || channel.state !== "waiting") return;
    channel.state = "asking";
    this.#tell("channel", channel);
    try {
      const signed = channel.kind.needsAuth ? await this.authorise(socketID, channel.name) : { auth: "" };
      if (this.#socket !== socket || this.channels.get(channel.name) !== channel) return;
      this.#say(protocol.message("pusher:subscribe", { channel: channel.name, ...signed, ...channel.position }));
    } catch (error) {
      if (this.#socket !== socket) return;
      if (error instanceof Refused) channel.refuse(error.message);
      else {
        channel.state = "waiting";
        setTimeout(() => this.#ask(channel), 2000);
      }
      this.#tell("channel", channel);
    }
  }
}
