import { Api } from "../api.js";
import { Door } from "../door.js";
import { byId } from "../elements.js";
import { Session, takeLoginCode } from "../session.js";
import { Office } from "./office.js";

const KEPT = "darkroom.moderator";

const ids = (prefix, names) => Object.fromEntries(names.map((name) => [name, byId(`${prefix}-${name}`)]));
const parts = {
  queue: { list: byId("queue"), none: byId("queue-none"), more: byId("queue-more") },
  desk: ids("desk", [
    ...["box", "title", "standing", "facts", "flags", "unflagged", "card", "before", "before-card", "history"],
    ...["claim", "release", "approve", "next", "form", "reason", "message"],
  ]),
  done: { box: byId("done"), list: byId("done-list"), more: byId("done-more") },
  nothing: byId("nothing"),
  notice: byId("notice"),
  spoken: byId("spoken"),
  who: byId("who"),
  body: document.body,
};

const session = new Session(new Api(document.querySelector('meta[name="darkroom-api"]').content), sessionStorage, KEPT);
let office = null;

function open() {
  byId("office").hidden = false;
  office = new Office(parts, session, shut);
}

function shut(message) {
  office?.close();
  office = null;
  session.leave();
  byId("office").hidden = true;
  door.show(message);
}

const door = new Door(
  { door: byId("door"), form: byId("login"), code: byId("code"), message: byId("login-message") },
  session,
  open,
);

async function begin() {
  const code = takeLoginCode();
  if (code) {
    if (office) shut("");
    const refusal = await door.try(code);
    if (refusal) door.show(refusal);
  } else if (session.token) open();
  else door.show();
}

session.addEventListener("ended", () => shut("Your login has ended. Open a fresh login address to go on."));
byId("sign-out").onclick = () => shut("You are signed out.");
addEventListener("hashchange", () => (location.hash.includes("login=") ? begin() : office?.go()));

begin();
