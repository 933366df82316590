// The list of channels: how far each has been heard, and who is there.

import { byID, button, make } from "./dom.js";

const STATES = Object.freeze({
  waiting: "waits for the connection", asking: "asked for", joined: "heard", resuming: "catching up", refused: "refused",
});
const MOST_MEMBERS = 100;

export class ChannelList {
  #list = byID("channels", HTMLUListElement);
  /** @type {Map<string, {line: HTMLElement, facts: HTMLElement, members: HTMLElement, again: HTMLElement}>} */
  #lines = new Map();

  /** @param {{leave: (name: string) => void, again: (name: string) => void}} acts */
  constructor(acts) {
    this.acts = acts;
  }

  /** @param {import("./channel.js").Channel[]} channels */
  show(channels) {
    const names = new Set(channels.map((channel) => channel.name));
    for (const [name, { line }] of this.#lines) {
      if (names.has(name)) continue;
      // The focus must not fall out of the page with the button that was pressed.
      if (line.contains(document.activeElement)) byID("channel", HTMLInputElement).focus();
      line.remove();
      this.#lines.delete(name);
    }
    for (const channel of channels) this.#show(channel);
    byID("no-channels", HTMLElement).hidden = channels.length > 0;
  }

  #show(/** @type {import("./channel.js").Channel} */ channel) {
    const { line, facts, members, again } = this.#lines.get(channel.name) ?? this.#make(channel.name);
    line.dataset.state = channel.state;
    line.dataset.seq = String(channel.seq ?? "");
    line.dataset.replayed = String(channel.replayed);
    const parts = [STATES[channel.state], channel.reason];
    if (channel.seq !== null) parts.push(`at seq ${channel.seq} of epoch ${channel.epoch}`);
    if (channel.events) parts.push(channel.events === 1 ? "1 event" : `${channel.events} events`);
    if (channel.replayed) parts.push(`${channel.replayed} of them told afterwards`);
    if (channel.resyncs) parts.push(`${channel.resyncs} times to be loaded anew`);
    if (channel.disorder) parts.push(`${channel.disorder} out of order`);
    facts.textContent = parts.filter(Boolean).join(" · ");
    again.hidden = channel.state !== "refused";
    members.hidden = channel.members === null;
    if (channel.members) this.#showMembers(members, channel.members);
  }

  #showMembers(/** @type {HTMLElement} */ place, /** @type {Map<string, any>} */ members) {
    const shown = [...members].slice(0, MOST_MEMBERS);
    place.replaceChildren(
      make("p", {}, `${members.size} here`),
      make("ul", { class: "members" }, ...shown.map(([id, info]) => make("li", {}, info?.name ? `${info.name} (${id})` : id))));
  }

  #make(/** @type {string} */ name) {
    const facts = make("p", { class: "hint" });
    const members = make("div", { role: "status", hidden: "" });
    const again = button("Ask again", () => this.acts.again(name));
    const leave = button("Unsubscribe", () => this.acts.leave(name));
    leave.setAttribute("aria-label", `Unsubscribe from ${name}`);
    again.setAttribute("aria-label", `Ask again for ${name}`);
    const line = make(
      "li", { "data-channel": name }, make("h3", { class: "mono" }, name), facts, members,
      make("p", { class: "row" }, again, leave));
    const made = { line, facts, members, again };
    this.#list.append(line);
    this.#lines.set(name, made);
    return made;
  }
}
