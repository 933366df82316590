// One channel as a client knows it: how far it has heard, and who is there. It eats frames and says nothing.

import { isNumbered, kindOf } from "./protocol.js";

/** @typedef {"waiting" | "asking" | "joined" | "resuming" | "refused"} ChannelState */

export class Channel {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.kind = kindOf(name);
    /** @type {ChannelState} */
    this.state = "waiting";
    /** Why it is refused. */
    this.reason = "";
    /** @type {number | null} The latest position that was heard; none before the first subscription. */
    this.seq = null;
    /** @type {number | null} What the position belongs to. */
    this.epoch = null;
    /** @type {Map<string, any> | null} Who is there, on presence channels. */
    this.members = null;
    this.events = 0;
    this.replayed = 0;
    this.resyncs = 0;
    /** Events that came with a number not above the one before: a fault of the server. */
    this.disorder = 0;
  }

  get isJoined() {
    return this.state === "joined" || this.state === "resuming";
  }

  /** What a subscription says so that nothing is missed. */
  get position() {
    return this.seq === null || this.epoch === null ? {} : { since: this.seq, epoch: this.epoch };
  }

  /** The connection is gone; the position stays. */
  lost() {
    if (this.state !== "refused") this.state = "waiting";
    this.members = null;
  }

  /** @param {string} reason */
  refuse(reason) {
    this.state = "refused";
    this.reason = reason;
  }

  /** @param {{event: string, data?: any, seq?: number, epoch?: number}} frame of this channel */
  take(frame) {
    switch (frame.event) {
      case "pusher_internal:subscription_succeeded": return this.#joined(frame);
      case "pusher:subscription_error":
        return this.refuse(`${frame.data?.error ?? "refused"} (${frame.data?.status ?? "no status"})`);
      case "pusher_internal:member_added":
        this.members?.set(String(frame.data?.user_id), frame.data?.user_info ?? null);
        return;
      case "pusher_internal:member_removed":
        this.members?.delete(String(frame.data?.user_id));
        return;
      case "bellhop:resumed":
        this.replayed += frame.data?.replayed ?? 0;
        this.seq = Math.max(this.seq ?? 0, frame.data?.seq ?? 0);
        this.state = "joined";
        return;
      case "bellhop:resync_required":
        this.resyncs += 1;
        this.seq = frame.seq ?? null;
        this.epoch = frame.epoch ?? null;
        this.state = "joined";
        return;
      default: return this.#heard(frame);
    }
  }

  #joined(/** @type {{data?: any, seq?: number, epoch?: number}} */ frame) {
    // Whoever said where it was is told what it missed, and that this is all; until then its own position holds.
    const resumes = this.seq !== null && frame.seq !== undefined;
    this.state = resumes ? "resuming" : "joined";
    this.reason = "";
    if (!resumes && frame.seq !== undefined) {
      this.seq = frame.seq;
      this.epoch = frame.epoch ?? null;
    }
    if (this.kind.isPresence) this.members = new Map(Object.entries(frame.data?.presence?.hash ?? {}));
  }

  #heard(/** @type {{event: string, seq?: number}} */ frame) {
    this.events += 1;
    if (!isNumbered(frame)) return;
    const seq = /** @type {number} */ (frame.seq);
    if (this.seq !== null && seq <= this.seq) this.disorder += 1;
    this.seq = Math.max(this.seq ?? 0, seq);
  }
}
