import { Kept } from "./kept.js";
import { Outbox } from "./outbox.js";
import { RoomAccess } from "./person.js";

/** All that the visitor has said and no answer came to yet, in every room, whichever one is open. */
export class Post {
  #boxes = new Map();
  #closed = false;

  constructor(session) {
    this.session = session;
    this.kept = new Kept(session.person);
  }

  /** The outbox of a room. */
  of(id) {
    if (!this.#boxes.has(id)) this.#boxes.set(id, new Outbox(new RoomAccess(this.session, id), this.kept));
    return this.#boxes.get(id);
  }

  get #messages() {
    return [...this.#boxes.values()].flatMap((box) => box.messages);
  }

  /** How many messages are not said yet. */
  get left() {
    return this.#messages.length;
  }

  /** Whether something would be lost with the page. */
  get fragile() {
    return [...this.#boxes.values()].some((box) => box.fragile);
  }

  /** Goes on with what was left over when the page was left; what another tab is at is waited for. */
  async resume() {
    for (const { clientId } of await this.kept.all()) this.#resume(clientId);
  }

  async #resume(clientId) {
    // Closed while it was being found out what there is: what is held from then on nobody would let go.
    if (this.#closed) return;
    await this.kept.hold(clientId);
    const record = await this.kept.read(clientId);
    const over = record === undefined || (record?.refused && (await this.#isOut(record.chat)));
    if (this.#closed) return;
    if (over) this.kept.drop(clientId);
    else if (record) this.of(record.chat).adopt(record);
  }

  /** Whether the visitor is in a room no more, or it is gone. */
  async #isOut(id) {
    const access = new RoomAccess(this.session, id);
    try {
      await access.request("GET", access.path());
      return false;
    } catch (error) {
      return error.status === 404;
    }
  }

  /** Gives up what is not said. */
  discard() {
    for (const box of this.#boxes.values()) box.messages.forEach((message) => box.discard(message));
  }

  close() {
    this.#closed = true;
    for (const box of this.#boxes.values()) box.stop();
    this.#boxes.clear();
    this.kept.close();
  }
}
