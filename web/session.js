const OPERATOR = "darkroom.operator";
const KEPT_PROJECT = "darkroom.project";
const SHORTEST_LIFE = 60_000;
const LONGEST_LIFE = 3_600_000;

/** The login code of an address like `…/#login=CODE` or of a bare code; null if there is none. */
export function codeIn(text) {
  const trimmed = text.trim();
  const match = /[#&]login=([^&\s]+)/.exec(trimmed);
  if (match) return decodeURIComponent(match[1]);
  return /^[\w.~-]{4,}$/.test(trimmed) ? trimmed : null;
}

/** Takes the code out of the page's own address, so that it stays neither in the bar nor in the history. */
export function takeLoginCode() {
  if (!location.hash.includes("login=")) return null;
  const code = codeIn(location.hash);
  history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** A login, the operator's by default. Fires `ended` when the server no longer takes it. */
export class Session extends EventTarget {
  /** @param {string} name under which its token is kept: one for each kind of login */
  constructor(api, kept = sessionStorage, name = OPERATOR) {
    super();
    this.api = api;
    this.kept = kept;
    this.name = name;
  }

  get token() {
    return this.kept.getItem(this.name);
  }

  get project() {
    return this.kept.getItem(KEPT_PROJECT);
  }

  set project(id) {
    this.kept.setItem(KEPT_PROJECT, id);
  }

  /** Trades a single-use code for a token. @throws {ApiError} 4xx for a used or unknown code */
  async login(code) {
    const { token } = await this.api.request("POST", "/login", { body: { code } });
    this.take(token);
  }

  take(token) {
    this.kept.setItem(this.name, token);
  }

  leave() {
    this.kept.removeItem(this.name);
  }

  /** As Api.request. @throws {ApiError} */
  async request(method, path, body, options = {}) {
    const { token } = this;
    try {
      return await this.api.request(method, path, { ...options, token, body });
    } catch (error) {
      // Somebody may have logged in since: a late refusal of the login before says nothing of theirs.
      if (error.status === 401 && token === this.token) {
        this.leave();
        this.dispatchEvent(new Event("ended"));
      }
      throw error;
    }
  }
}

/** Requests in the name of one project, with a short-lived token that is renewed before it ends. */
export class ProjectAccess {
  #token = null;
  #renewAt = 0;
  #renewal = null;

  constructor(session, projectId) {
    this.session = session;
    this.api = session.api;
    this.projectId = projectId;
  }

  path(rest) {
    return `/projects/${encodeURIComponent(this.projectId)}/${rest}`;
  }

  /** By what it is told apart from all others that a browser sends files to. */
  get place() {
    return this.projectId;
  }

  /** A slot for a file; `size` undefined where it is not to be announced. @throws {ApiError} */
  slot(filename, size) {
    return this.request("POST", "/files/", { filename, size, project_id: this.projectId });
  }

  /** Whether there are events after `seq`, which a cursor stands for as well. @throws {ApiError} */
  async hasMore(seq, cursor) {
    const page = await this.request("GET", this.path(`events?after=${encodeURIComponent(cursor)}`));
    return (page?.events ?? []).some((event) => event.seq > seq);
  }

  // The visitor's clock may be wrong by hours, so the life read from it is kept within reason; `request` mends the rest.
  async #renew() {
    const { token, expires_at: ends } = await this.session.request("POST", "/tokens", { project_id: this.projectId });
    const life = Math.min(LONGEST_LIFE, Math.max(SHORTEST_LIFE, Date.parse(ends) - Date.now() || 0));
    this.#token = token;
    this.#renewAt = Date.now() + 0.8 * life;
  }

  /** A token of the project's that is good for a while. @throws {ApiError} */
  async token() {
    if (this.#token === null || Date.now() > this.#renewAt) {
      this.#renewal ??= this.#renew().finally(() => (this.#renewal = null));
      await this.#renewal;
    }
    return this.#token;
  }

  /** As Api.request, with the project's token; a token that ended early is renewed once. @throws {ApiError} */
  async request(method, path, body) {
    try {
      return await this.api.request(method, path, { token: await this.token(), body });
    } catch (error) {
      if (error.status !== 401 || !this.session.token) throw error;
      this.#token = null;
      return this.api.request(method, path, { token: await this.token(), body });
    }
  }

  /** A single-use ticket for one websocket. */
  async ticket() {
    const { ticket } = await this.request("POST", "/tickets", { project_id: this.projectId });
    return ticket;
  }
}
