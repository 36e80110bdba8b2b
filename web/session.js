const KEPT_TOKEN = "darkroom.operator";
const KEPT_PROJECT = "darkroom.project";
const TOKEN_SECONDS = 900;
const RENEW_EARLY = 120_000;

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

/** The operator's login. Fires `ended` when the server no longer takes it. */
export class Session extends EventTarget {
  constructor(api, kept = sessionStorage) {
    super();
    this.api = api;
    this.kept = kept;
  }

  get token() {
    return this.kept.getItem(KEPT_TOKEN);
  }

  get project() {
    return this.kept.getItem(KEPT_PROJECT);
  }

  set project(id) {
    this.kept.setItem(KEPT_PROJECT, id);
  }

  /** Trades a single-use code for an operator token. @throws {ApiError} 4xx for a used or unknown code */
  async login(code) {
    const { token } = await this.api.request("POST", "/login", { body: { code } });
    this.kept.setItem(KEPT_TOKEN, token);
  }

  leave() {
    this.kept.removeItem(KEPT_TOKEN);
  }

  async request(method, path, body) {
    try {
      return await this.api.request(method, path, { token: this.token, body });
    } catch (error) {
      if (error.status === 401) {
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

  // The client's clock may be wrong by hours: the time until renewal counts from receipt, by the ttl we asked for.
  async #renew() {
    const body = { project_id: this.projectId, ttl: TOKEN_SECONDS };
    const { token } = await this.session.request("POST", "/tokens", body);
    this.#token = token;
    this.#renewAt = Date.now() + TOKEN_SECONDS * 1000 - RENEW_EARLY;
  }

  async #current() {
    if (this.#token === null || Date.now() > this.#renewAt) {
      this.#renewal ??= this.#renew().finally(() => (this.#renewal = null));
      await this.#renewal;
    }
    return this.#token;
  }

  /** As Api.request, with the project's token; a token that ended early is renewed once. @throws {ApiError} */
  async request(method, path, body) {
    try {
      return await this.api.request(method, path, { token: await this.#current(), body });
    } catch (error) {
      if (error.status !== 401 || !this.session.token) throw error;
      this.#token = null;
      return this.api.request(method, path, { token: await this.#current(), body });
    }
  }

  /** A single-use ticket for one websocket. */
  async ticket() {
    const { ticket } = await this.request("POST", "/tickets", { project_id: this.projectId });
    return ticket;
  }
}
