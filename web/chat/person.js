import { ApiError } from "../api.js";
import { Session } from "../session.js";

const KEPT = "darkroom.person";
const NOBODY = "This login is of no one person. ./ops/open --chat --user ID prints one that is.";

/** Whom a token is of, by the claims that stand in it readable to anybody; null where it is of no one person. */
export function personIn(token) {
  try {
    const claims = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(claims, (character) => character.charCodeAt(0));
    const { user, root, sub } = JSON.parse(new TextDecoder().decode(bytes));
    return user ?? (root === "users" ? sub : null);
  } catch {
    return null;
  }
}

/** A person's login: by a code, or by a token that an application gave its user. */
export class PersonSession extends Session {
  constructor(api) {
    super(api, sessionStorage, KEPT);
  }

  get person() {
    return this.token ? personIn(this.token) : null;
  }

  /** @throws {ApiError} as a session does, and 403 for a login that is good but nobody's */
  async login(code) {
    if (code.split(".").length === 3) this.take(code);
    else await super.login(code);
    if (this.person !== null) return;
    this.leave();
    throw new ApiError(403, { detail: NOBODY });
  }
}

/** Requests about one room in the name of who is logged in: what uploads and the stream of events need. */
export class RoomAccess {
  constructor(session, id) {
    this.session = session;
    this.api = session.api;
    this.id = id;
  }

  /** @param {string} [rest] of the path below the room, without a slash before it */
  path(rest = "") {
    return `/chat/${encodeURIComponent(this.id)}${rest && `/${rest}`}`;
  }

  get place() {
    return `chat/${this.id}`;
  }

  async token() {
    return this.session.token;
  }

  /** As Api.request. @throws {ApiError} */
  request(method, path, body, options) {
    return this.session.request(method, path, body, options);
  }

  /** A slot for a file; `size` undefined where it is not to be announced. @throws {ApiError} */
  slot(filename, size) {
    return this.request("POST", this.path("files"), { filename, size });
  }

  /** A single-use ticket for one websocket. @throws {ApiError} */
  async ticket() {
    const { ticket } = await this.request("POST", "/tickets");
    return ticket;
  }

  /** Whether something happened after `seq`. @throws {ApiError} */
  async hasMore(seq) {
    const room = await this.request("GET", this.path());
    return room.seq > seq;
  }
}
