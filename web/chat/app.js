import { Api } from "../api.js";
import { Door } from "../door.js";
import { watchDrops, watchInput } from "../drop.js";
import { byId } from "../elements.js";
import { takeLoginCode } from "../session.js";
import { count } from "../words.js";
import { Composer } from "./composer.js";
import { Lobby } from "./lobby.js";
import { Making } from "./making.js";
import { PersonSession } from "./person.js";

const viewerNames = ["stage", "title", "facts", "message", "versions", "retry", "remove", "previous", "next", "close"];
const viewer = Object.fromEntries(viewerNames.map((name) => [name, byId(`viewer-${name}`)]));
const parts = {
  rooms: { list: byId("rooms"), none: byId("no-rooms"), notice: byId("rooms-notice") },
  talk: byId("talk"),
  title: byId("title"),
  nowhere: byId("nowhere"),
  leave: byId("leave-room"),
  room: {
    transcript: Object.fromEntries(["scroll", "list", "older", "newest", "empty"].map((name) => [name, byId(name)])),
    composer: { form: byId("say"), text: byId("text") },
    viewer: { ...viewer, dialog: byId("viewer") },
    members: byId("members"),
    status: byId("status"),
    notice: byId("notice"),
    typing: byId("typing"),
    spoken: byId("spoken"),
    body: document.body,
  },
};

const session = new PersonSession(new Api(document.querySelector('meta[name="darkroom-api"]').content));
let lobby = null;

function open() {
  byId("chat").hidden = false;
  byId("who").textContent = session.person;
  lobby = new Lobby(parts, session);
}

function shut(message) {
  lobby?.close();
  lobby = null;
  making.close();
  session.leave();
  byId("chat").hidden = true;
  door.show(message);
}

function signOut() {
  const left = lobby.post.left;
  const question = `${count(left, "message is", "messages are")} not sent yet. Sign out without sending?`;
  if (left > 0 && !confirm(question)) return;
  lobby.post.discard();
  Composer.forget();
  shut("You are signed out.");
}

const door = new Door(
  { door: byId("door"), form: byId("login"), code: byId("code"), message: byId("login-message") },
  session,
  open,
);

const making = new Making(
  {
    open: byId("new-room"),
    dialog: byId("ask"),
    form: byId("ask-form"),
    name: byId("ask-name"),
    members: byId("ask-members"),
    message: byId("ask-message"),
    cancel: byId("ask-cancel"),
  },
  session,
  (id) => lobby?.enter(id),
);

async function begin() {
  const code = takeLoginCode();
  if (code) {
    // It may be another one's.
    if (lobby) shut("");
    const refusal = await door.try(code);
    if (refusal) door.show(refusal);
  } else if (session.token) open();
  else door.show();
}

session.addEventListener("ended", () => shut("Your login has ended. Open a fresh login address to go on."));
byId("sign-out").onclick = signOut;
byId("skip").onclick = () => parts.room.composer.text.focus();
addEventListener("hashchange", () => (location.hash.includes("login=") ? begin() : lobby?.go()));
addEventListener("beforeunload", (event) => lobby?.post.fragile && event.preventDefault());

const send = (files) => lobby?.take(files);
watchInput(byId("files"), send);
watchDrops(document.body, byId("veil"), send);

begin();
