import { Api } from "../api.js";
import { Door } from "../door.js";
import { watchDrops, watchInput } from "../drop.js";
import { byId } from "../elements.js";
import { takeLoginCode } from "../session.js";
import { count } from "../words.js";
import { Composer } from "./composer.js";
import { Making } from "./making.js";
import { PersonSession } from "./person.js";
import { Post } from "./post.js";
import { Room } from "./room.js";
import { Rooms } from "./rooms.js";

const viewerNames = ["stage", "title", "facts", "message", "versions", "retry", "remove", "previous", "next", "close"];
const parts = {
  transcript: Object.fromEntries(["scroll", "list", "older", "newest", "empty"].map((name) => [name, byId(name)])),
  composer: { form: byId("say"), text: byId("text") },
  viewer: Object.fromEntries(viewerNames.map((name) => [name, byId(`viewer-${name}`)])),
  members: byId("members"),
  status: byId("status"),
  notice: byId("notice"),
  typing: byId("typing"),
  spoken: byId("spoken"),
  body: document.body,
};
parts.viewer.dialog = byId("viewer");

const session = new PersonSession(new Api(document.querySelector('meta[name="darkroom-api"]').content));
let rooms = null;
let post = null;
let room = null;
let asked = null;

/** The room that the page's own address names, or null. */
function wanted() {
  const named = /[#&]room=([^&]+)/.exec(location.hash)?.[1];
  return named ? decodeURIComponent(named) : null;
}

/** Opens the room that the address names; leaves the one that is open. */
function go() {
  const id = wanted();
  if (!rooms || (room && room.access.id === id)) return;
  leave();
  const facts = rooms.find(id);
  document.body.dataset.place = facts ? "room" : "rooms";
  byId("talk").hidden = !facts;
  byId("nowhere").hidden = Boolean(facts);
  byId("nowhere-text").textContent = id ? "There is no such room, or you are not in it." : "Choose a room.";
  document.title = facts ? `${facts.title} · Darkroom` : "Darkroom";
  rooms.choose(id);
  if (!facts) return;
  byId("title").textContent = facts.title;
  const told = { read: (seq) => rooms.read(id, seq), gone: () => rooms.load() };
  room = new Room(parts, facts, post.of(id), told);
}

function leave() {
  room?.close();
  room = null;
  asked = null;
  byId("leave-room").textContent = "Leave";
  parts.status.textContent = "";
  delete document.body.dataset.live;
}

// Only a list that was read says that a room is not there.
function listed() {
  parts.notice.textContent = room ? parts.notice.textContent : "";
  byId("rooms-notice").textContent = "";
  if (wanted() === null && rooms.ids.length === 1 && asked === null) location.replace(`#room=${encodeURIComponent(rooms.ids[0])}`);
  asked = true;
  if (!room) go();
}

function open() {
  byId("chat").hidden = false;
  byId("who").textContent = session.person;
  post = new Post(session);
  post.resume();
  rooms = new Rooms({ list: byId("rooms"), none: byId("no-rooms") }, session);
  rooms.addEventListener("read", listed);
  rooms.addEventListener("failed", ({ detail }) => (byId("rooms-notice").textContent = detail.message));
  rooms.start();
}

function shut(message) {
  leave();
  rooms?.close();
  post?.close();
  rooms = post = null;
  making.close();
  session.leave();
  byId("chat").hidden = true;
  door.show(message);
}

function signOut() {
  const left = post?.left ?? 0;
  const question = `${count(left, "message is", "messages are")} not sent yet. Sign out without sending?`;
  if (left > 0 && !confirm(question)) return;
  post?.discard();
  Composer.forget();
  shut("You are signed out.");
}

// Two presses, since one can't let oneself in again.
async function leaveRoom({ target }) {
  if (target.textContent === "Leave") {
    target.textContent = "Leave for good?";
    return;
  }
  const { access } = room;
  try {
    await access.request("DELETE", access.path(`members/${encodeURIComponent(session.person)}`));
    location.hash = "#rooms";
    rooms.load();
  } catch (error) {
    parts.notice.textContent = error.message;
  }
}

const door = new Door({ door: byId("door"), form: byId("login"), code: byId("code"), message: byId("login-message") }, session, open);
const makingParts = { open: byId("new-room"), dialog: byId("ask"), form: byId("ask-form"), name: byId("ask-name") };
const making = new Making(
  { ...makingParts, members: byId("ask-members"), message: byId("ask-message"), cancel: byId("ask-cancel") },
  session,
  async (id) => {
    await rooms.load();
    location.hash = `#room=${encodeURIComponent(id)}`;
  },
);

async function begin() {
  const code = takeLoginCode();
  if (code) {
    // Another one may be logged in here.
    if (rooms) shut("");
    const refusal = await door.try(code);
    if (refusal) door.show(refusal);
  } else if (session.token) open();
  else door.show();
}

session.addEventListener("ended", () => shut("Your login has ended. Open a fresh login address to go on."));
byId("sign-out").onclick = signOut;
byId("leave-room").onclick = leaveRoom;
byId("skip").onclick = () => parts.composer.text.focus();
addEventListener("hashchange", () => (location.hash.includes("login=") ? begin() : go()));
addEventListener("beforeunload", (event) => post?.fragile && event.preventDefault());

const send = (files) => room?.composer.take(files);
watchInput(byId("files"), send);
watchDrops(document.body, byId("veil"), send);

begin();
