// The list of frames as they come: the newest last, the oldest gone beyond a bound.

import { byID, make } from "./dom.js";
import { isNumbered } from "./protocol.js";

const MOST = 500;
const ARROWS = Object.freeze({ in: ["↓", "received"], out: ["↑", "sent"], note: ["·", "note"] });

export class FrameLog {
  #region = byID("log", HTMLElement);
  #list = byID("lines", HTMLOListElement);
  #filter = byID("filter", HTMLInputElement);
  #pause = byID("pause", HTMLInputElement);
  #frames = 0;
  #events = 0;

  constructor() {
    this.#filter.addEventListener("input", () => {
      for (const line of this.#list.children) this.#sift(/** @type {HTMLElement} */ (line));
    });
    byID("speak", HTMLInputElement).addEventListener("change", (change) => {
      const speaks = /** @type {HTMLInputElement} */ (change.target).checked;
      this.#region.setAttribute("aria-live", speaks ? "polite" : "off");
    });
    byID("clear", HTMLButtonElement).addEventListener("click", () => this.#list.replaceChildren());
  }

  /**
   * @param {"in" | "out"} direction
   * @param {string} text as it came
   * @param {any} frame as it was read; `null` if it is none
   */
  add(direction, text, frame) {
    this.#frames += 1;
    if (frame && isNumbered(frame)) this.#events += 1;
    byID("frame-count", HTMLElement).textContent = String(this.#frames);
    byID("event-count", HTMLElement).textContent = String(this.#events);
    if (this.#pause.checked) return;
    const about = make("div", { class: "about" }, make("span", { class: "event" }, frame?.event ?? "not a frame"));
    const channel = frame?.channel ?? frame?.data?.channel;
    if (typeof channel === "string") about.append(" ", make("span", { class: "channel" }, channel));
    const line = this.#line(direction, typeof frame?.seq === "number" ? String(frame.seq) : "", about);
    line.append(this.#data(text, frame));
  }

  /** Something that happened to the connection itself. */
  note(/** @type {string} */ words) {
    this.#line("note", "", make("div", { class: "about" }, make("span", { class: "event" }, words)));
  }

  #line(/** @type {keyof ARROWS} */ kind, /** @type {string} */ seq, /** @type {Node} */ about) {
    const now = new Date();
    const [arrow, words] = ARROWS[kind];
    const isAtEnd = this.#region.scrollHeight - this.#region.scrollTop - this.#region.clientHeight < 24;
    const line = make(
      "li", { "data-kind": kind, ...(seq ? { "data-seq": seq } : {}) },
      make("time", { datetime: now.toISOString() }, now.toISOString().slice(11, 23)),
      make("span", { class: "direction", role: "img", "aria-label": words }, arrow),
      make("span", { class: "seq" }, seq), about);
    this.#list.append(line);
    while (this.#list.childElementCount > MOST) this.#list.firstElementChild?.remove();
    this.#sift(line);
    // Whoever reads further up is left there.
    if (isAtEnd) this.#region.scrollTop = this.#region.scrollHeight;
    return line;
  }

  #data(/** @type {string} */ text, /** @type {any} */ frame) {
    const data = frame ? JSON.stringify(frame.data) : text;
    const details = make("details", { class: "data" }, make("summary", {}, data ?? "no data"));
    // What is never opened is never laid out.
    details.addEventListener("toggle", () => {
      if (details.childElementCount === 1) details.append(make("pre", {}, JSON.stringify(frame ?? text, null, 2)));
    }, { once: true });
    return details;
  }

  #sift(/** @type {HTMLElement} */ line) {
    const wanted = this.#filter.value.trim().toLowerCase();
    line.hidden = wanted !== "" && !(line.querySelector(".about")?.textContent ?? "").toLowerCase().includes(wanted);
  }
}
