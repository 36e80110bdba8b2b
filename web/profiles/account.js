import { Session } from "../session.js";

const KEPT = "darkroom.wallet";
const WHO = "darkroom.wallet.who";

/** What is kept by now: {token, who}; null where nobody is logged in. */
function kept() {
  try {
    const token = localStorage.getItem(KEPT);
    return token && { token, who: JSON.parse(localStorage.getItem(WHO)) };
  } catch {
    return null;
  }
}

/**
 * The login of a wallet, kept beyond a closed tab: a payment may take longer than that. A page stays with the login that it
 * began with. Fires `another` when another tab has signed out, or somebody else in.
 */
export class WalletSession extends Session {
  #login = kept();

  constructor(api) {
    super(api, localStorage, KEPT);
    addEventListener("storage", ({ key }) => [KEPT, WHO, null].includes(key) && this.#compare());
  }

  get token() {
    return this.#login?.token ?? null;
  }

  /** {user_id, address}; null where nobody is logged in. */
  get who() {
    return this.#login?.who ?? null;
  }

  // The same one who has signed in anew is no other.
  #compare() {
    const now = kept();
    if (now && this.who && now.who?.user_id === this.who.user_id) this.#login = now;
    else if (now?.token !== this.token) this.dispatchEvent(new Event("another"));
  }

  leave() {
    const mine = kept()?.token === this.token;
    this.#login = null;
    if (!mine) return;
    super.leave();
    localStorage.removeItem(WHO);
  }

  /** Has a wallet sign what the server asks for. @throws {ApiError | WalletError} */
  async signIn(wallet) {
    const address = await wallet.address();
    // At whichever chain the wallet is now: the server knows which one it pays on.
    const { message } = await this.api.request("POST", "/wallet/challenge", { body: { address } });
    const signature = await wallet.sign(message, address);
    const told = await this.api.request("POST", "/wallet/login", { body: { message, signature } });
    const who = { user_id: told.user_id, address: told.address };
    this.#login = { token: told.token, who };
    localStorage.setItem(WHO, JSON.stringify(who));
    this.take(told.token);
  }
}

/** Requests in the name of a wallet's user: what uploads and the stream of events need. */
export class ProfileAccess {
  /** @param {string} [role] of the file that is uploaded by it */
  constructor(session, role = "") {
    this.session = session;
    this.api = session.api;
    this.role = role;
    this.user = session.who.user_id;
  }

  path(rest) {
    return `/users/${encodeURIComponent(this.user)}/${rest}`;
  }

  get place() {
    return `profile/${this.user}/${this.role}`;
  }

  async token() {
    return this.session.token;
  }

  /** As Api.request. @throws {ApiError} */
  request(method, path, body) {
    return this.session.request(method, path, body);
  }

  /** A slot for a file; `size` undefined where it is not to be announced. @throws {ApiError} */
  slot(filename, size) {
    return this.request("POST", "/profiles/uploads", { role: this.role, filename, size });
  }

  /** Where a slot is given back. */
  slotAt(id) {
    return `/profiles/uploads/${id}`;
  }

  /** A single-use ticket for one websocket. @throws {ApiError} */
  async ticket() {
    const { ticket } = await this.request("POST", "/tickets");
    return ticket;
  }

  /** Whether there are events after `seq`, which a cursor stands for as well. @throws {ApiError} */
  async hasMore(seq, cursor) {
    const page = await this.request("GET", this.path(`events?after=${encodeURIComponent(cursor)}`));
    return (page?.events ?? []).some((event) => event.seq > seq);
  }
}
