// Who signs in, and who signs subscriptions. The access token lives in this module alone, never in storage.

import { Refused } from "./connection.js";

/** What the server answered instead of what was asked for. */
export class Refusal extends Refused {
  /**
   * @param {number} status
   * @param {any} body
   */
  constructor(status, body) {
    const error = body?.error;
    super(`${status} ${error?.code ?? "without a code"}${error?.request_id ? ` (request ${error.request_id})` : ""}`);
    this.status = status;
    this.code = error?.code ?? "";
  }
}

export class Account {
  #token = "";
  /** @type {Promise<boolean> | null} One at a time: the cookie is good for one. */
  #refreshing = null;
  /** @type {{id: string, name: string, email: string, tenant_id: string | null, roles: string[], properties: string[]} | null} */
  user = null;

  /**
   * @param {string} email
   * @param {string} password
   */
  async signIn(email, password) {
    const answer = await this.#send("POST", "/v1/auth/login", { email, password });
    this.#token = answer.access_token;
    this.user = answer.user;
  }

  async signOut() {
    const token = this.#token;
    this.#token = "";
    this.user = null;
    // Whether the server hears of it or not, nobody is signed in here any more.
    if (token) await this.#send("POST", "/v1/auth/logout", {}, token).catch(() => {});
  }

  /** The channels that are the user's without asking. */
  async channels() {
    return /** @type {string[]} */ ((await this.call("GET", "/v1/me")).channels);
  }

  /**
   * Has a subscription signed.
   * @type {import("./connection.js").Authorise}
   */
  authorise = async (socket_id, channel_name) => {
    if (!this.user) throw new Refused("sign in first");
    return this.call("POST", "/broadcasting/auth", { socket_id, channel_name });
  };

  /** Has the signing-in of a socket signed. */
  userAuth(/** @type {string} */ socket_id) {
    return this.call("POST", "/broadcasting/user-auth", { socket_id });
  }

  get token() {
    return this.#token;
  }

  /**
   * One request in the user's name; with a new token if the old one has ended.
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  async call(method, path, body) {
    try {
      return await this.#send(method, path, body, this.#token);
    } catch (error) {
      if (!(error instanceof Refusal) || error.status !== 401 || !(await this.#refresh())) throw error;
      return this.#send(method, path, body, this.#token);
    }
  }

  #refresh() {
    this.#refreshing ??= this.#send("POST", "/v1/auth/refresh", {})
      .then((answer) => Boolean(this.#token = answer.access_token), () => false)
      .finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {string} [token]
   * @returns {Promise<any>}
   */
  async #send(method, path, body, token) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers.Authorization = `Bearer ${token}`;
    const response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const answer = await response.json().catch(() => null);
    if (response.ok) return answer;
    // What is said to be for now only is no refusal.
    if (response.status === 429 || response.status >= 500) throw new Error(`the server answers ${response.status}`);
    throw new Refusal(response.status, answer);
  }
}
