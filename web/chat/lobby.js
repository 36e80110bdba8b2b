import { Post } from "./post.js";
import { Room } from "./room.js";
import { Rooms } from "./rooms.js";

const NOWHERE = "Choose a room.";
const UNKNOWN = "There is no such room, or you are not in it.";
const SURELY = "Leave for good?";

/** The address of a room on this page. */
export function addressOf(id) {
  return `#room=${encodeURIComponent(id)}`;
}

/** The room that the page's own address names, or null. */
function named() {
  const name = /[#&]room=([^&]+)/.exec(location.hash)?.[1];
  return name ? decodeURIComponent(name) : null;
}

/** All that one person who is logged in has open: the list of rooms, one of them, and what is not sent yet. */
export class Lobby {
  #room = null;
  #entered = false;
  #shutOut = false;

  /** @param {object} parts of the page: {rooms, talk, title, nowhere, leave, room: those of a Room} */
  constructor(parts, session) {
    this.parts = parts;
    this.session = session;
    this.post = new Post(session);
    this.rooms = new Rooms(parts.rooms, session);
    this.rooms.addEventListener("read", () => this.#read());
    parts.leave.onclick = () => this.#leave();
    // The room that the address names already is no change of it.
    parts.rooms.list.onclick = ({ target }) => {
      if (target.closest("a")?.hash === location.hash) this.go();
    };
    this.post.resume();
    this.rooms.start();
  }

  close() {
    this.#quit();
    this.rooms.close();
    this.post.close();
  }

  /** Sends files to the room that is open. */
  take(files) {
    this.#room?.take(files);
  }

  /** Opens a room that was just made. */
  async enter(id) {
    await this.rooms.load();
    location.hash = addressOf(id);
  }

  // Who is in one room alone need not choose. Asked once: going back to the list is no way in.
  #read() {
    const [only, ...others] = this.rooms.ids;
    if (!this.#entered && only && others.length === 0 && named() === null) location.replace(addressOf(only));
    this.#entered = true;
    if (!this.#room || this.#shutOut) this.go();
  }

  // One may be let in again. Not looked for in the list that is read right now, or the two could go round in circles.
  async #gone() {
    const room = this.#room;
    await this.rooms.load();
    if (this.#room === room) this.#shutOut = true;
  }

  /** Opens the room that the address names, also anew once it is open to the visitor again; leaves the one before. */
  go() {
    const id = named();
    const facts = this.rooms.find(id);
    const again = facts && this.#room?.closed;
    if (!this.#entered || (this.#room?.access.id === id && !again)) return;
    this.#quit();
    this.#show(facts, id === null ? NOWHERE : UNKNOWN);
    this.rooms.choose(facts ? id : null);
    if (!facts) return;
    const told = { read: (seq) => this.rooms.read(id, seq), gone: () => this.#gone() };
    this.#room = new Room(this.parts.room, facts, this.post.of(id), told);
  }

  #show(facts, otherwise) {
    const { talk, nowhere, title, leave, room } = this.parts;
    room.body.dataset.place = facts ? "room" : "rooms";
    talk.hidden = !facts;
    nowhere.hidden = Boolean(facts);
    nowhere.firstElementChild.textContent = otherwise;
    title.textContent = facts?.title ?? "";
    leave.textContent = "Leave";
    document.title = facts ? `${facts.title} · Darkroom` : "Darkroom";
  }

  #quit() {
    this.#room?.close();
    this.#room = null;
    this.#shutOut = false;
    this.parts.room.status.textContent = "";
    delete this.parts.room.body.dataset.live;
  }

  // Two presses, since one can't let oneself in again.
  async #leave() {
    const { leave } = this.parts;
    if (leave.textContent !== SURELY) {
      leave.textContent = SURELY;
      return;
    }
    if (await this.#room.acts.leave()) {
      location.hash = "#rooms";
      this.rooms.load();
    }
  }
}
