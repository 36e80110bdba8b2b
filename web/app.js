import { Api } from "./api.js";
import { Door } from "./door.js";
import { watchDrops, watchInput } from "./drop.js";
import { byId } from "./elements.js";
import { ProjectChoice } from "./projects.js";
import { Room } from "./room.js";
import { Session, takeLoginCode } from "./session.js";
import { count } from "./words.js";

const viewerNames = ["stage", "title", "facts", "message", "versions", "retry", "remove", "previous", "next", "close"];

const parts = {
  gallery: { sheet: byId("sheet"), more: byId("more"), empty: byId("empty") },
  viewer: Object.fromEntries(viewerNames.map((name) => [name, byId(`viewer-${name}`)])),
  batch: { box: byId("batch"), bar: byId("batch-bar"), text: byId("batch-text"), spoken: byId("spoken") },
  status: byId("status"),
  notice: byId("notice"),
  body: document.body,
};
parts.viewer.dialog = byId("viewer");

const api = new Api(document.querySelector('meta[name="darkroom-api"]').content);
const session = new Session(api);
let room = null;
let again = null;

/** Whether the visitor gives up what is not sent yet, since another room or none can't send it; true if nothing is. */
function letsGo() {
  const left = room?.uploads.left ?? 0;
  return left === 0 || confirm(`${count(left, "file is", "files are")} not sent yet. Go on without sending them?`);
}

function enter(projectId) {
  // Signed out while the projects were being read.
  if (!session.token) return;
  // A fresh login address was opened in the middle of sending: it goes on.
  if (room?.uploads.left && room.access.projectId === projectId) return;
  room?.close();
  room = new Room(session, projectId, parts);
}

const choice = new ProjectChoice(
  {
    select: byId("project"),
    make: byId("new-project"),
    dialog: byId("ask"),
    form: byId("ask-form"),
    name: byId("ask-name"),
    message: byId("ask-message"),
    cancel: byId("ask-cancel"),
  },
  session,
  { letsGo, enter },
);

async function open() {
  byId("room").hidden = false;
  try {
    await choice.load();
  } catch (error) {
    if (error.status === 401 || !session.token) return;
    parts.notice.textContent = error.passing ? `${error.message} It will be tried again.` : error.message;
    if (error.passing) again = setTimeout(open, 3000);
  }
}

function shut(message) {
  clearTimeout(again);
  room?.close();
  room = null;
  choice.close();
  session.leave();
  byId("room").hidden = true;
  door.show(message);
}

const door = new Door(
  { door: byId("door"), form: byId("login"), code: byId("code"), message: byId("login-message") },
  session,
  open,
);

async function begin() {
  const code = takeLoginCode();
  const refusal = code ? await door.try(code) : null;
  if (code && !refusal) return;
  if (session.token) {
    parts.notice.textContent = refusal ?? "";
    await open();
  } else door.show(refusal ?? "");
}

session.addEventListener("ended", () => shut("Your login has ended. Open a fresh login address to go on."));
byId("leave").onclick = () => letsGo() && shut("You are signed out.");
byId("api-description").href = api.url("/docs").href;
addEventListener("hashchange", () => location.hash.includes("login=") && begin());
addEventListener("beforeunload", (event) => room?.uploads.left && event.preventDefault());

// What was dropped is for the project that was open then; one that was left takes nothing more.
async function send(files) {
  const asked = room;
  const found = await files;
  if (asked === room) room?.send(found);
}

watchInput(byId("files"), send);
watchInput(byId("folder"), send);
watchDrops(document.body, byId("veil"), send);

begin();
