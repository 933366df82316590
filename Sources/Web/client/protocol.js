// The Pusher Channels protocol 7 as a client sees it: what the messages are, and what a close asks for. No sockets, no page.

/** The version that is spoken. */
export const PROTOCOL = 7;

/** Seconds to wait for an answer to a ping before the connection counts as lost. */
export const PONG_SECONDS = 30;

/** Seconds within which a socket has to greet. */
export const GREETING_SECONDS = 10;

const LONGEST_PAUSE = 30;

/**
 * Where a client connects.
 * @param {{host: string, port: number, secure: boolean, key: string}} place
 */
export function address({ host, port, secure, key }) {
  const usual = port === (secure ? 443 : 80);
  return `${secure ? "wss" : "ws"}://${host}${usual ? "" : `:${port}`}/app/${encodeURIComponent(key)}`
    + `?protocol=${PROTOCOL}&client=bellhop-test&version=1`;
}

/**
 * What a close code asks of a client: the range decides.
 * @param {number} code
 * @returns {"tls" | "never" | "later" | "now"}
 */
export function afterClose(code) {
  if (code === 4000) return "tls";
  if (code > 4000 && code < 4100) return "never";
  if (code >= 4100 && code < 4200) return "later";
  if (code >= 4200 && code < 4300) return "now";
  // An error event with such a code means nothing to a connection; as a close code it is a refusal.
  if (code >= 4300 && code < 5000) return "never";
  return "later";
}

/** In words. */
export const ADVICE = Object.freeze({
  tls: "comes back over TLS",
  never: "does not come back",
  later: "comes back after a pause",
  now: "comes back at once",
});

/**
 * Seconds before the next attempt: nothing when the server asked to come at once and nothing failed since, else twice as long
 * each time. Chance spreads clients that lost the same node.
 * @param {"tls" | "later" | "now"} advice
 * @param {number} failures attempts in a row that led to no connection
 * @param {() => number} chance
 */
export function pause(advice, failures, chance = Math.random) {
  if (advice !== "later" && failures === 0) return 0;
  const longest = Math.min(LONGEST_PAUSE, 2 ** Math.max(0, failures - 1));
  return longest === 1 ? 1 : longest * (0.5 + chance() / 2);
}

/**
 * What kind of channel a name means; the longest prefix wins.
 * @param {string} name
 */
export function kindOf(name) {
  const isPresence = name.startsWith("presence-");
  return {
    isPresence,
    needsAuth: isPresence || name.startsWith("private-"),
    isEncrypted: name.startsWith("private-encrypted-"),
    isServerToUser: name.startsWith("#server-to-user-"),
  };
}

/** Whether a channel can have such a name: 164 characters of a small alphabet. */
export function isChannelName(/** @type {string} */ name) {
  return /^#?[A-Za-z0-9_\-=@,.;]{1,164}$/.test(name);
}

/**
 * Reads a frame. What the server says has its data as a string that holds JSON, but for errors and what clients have sent.
 * @param {string} text
 * @returns {{event: string, channel?: string, data?: any, seq?: number, epoch?: number, user_id?: string} | null}
 */
export function parse(text) {
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof frame !== "object" || frame === null || typeof frame.event !== "string") return null;
  if (typeof frame.data === "string") {
    try {
      frame.data = JSON.parse(frame.data);
    } catch {
      // An application may say anything.
    }
  }
  return frame;
}

/** @param {string} event */
export function message(event, /** @type {unknown} */ data = {}, /** @type {string | undefined} */ channel = undefined) {
  return JSON.stringify(channel === undefined ? { event, data } : { event, channel, data });
}

/** Whether a number in a frame is the position of an event; the protocol's own messages have theirs for other reasons. */
export function isNumbered(/** @type {{event: string, seq?: number}} */ frame) {
  return typeof frame.seq === "number" && !/^(pusher|bellhop)/.test(frame.event);
}
