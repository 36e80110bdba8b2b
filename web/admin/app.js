import { Api } from "../api.js";
import { Door } from "../door.js";
import { byId } from "../elements.js";
import { Session, takeLoginCode } from "../session.js";
import { Board } from "./board.js";

// Not where the page of the files has its login, which may do less.
const KEPT = "darkroom.admin";

const api = new Api(document.querySelector('meta[name="darkroom-api"]').content);
const session = new Session(api, sessionStorage, KEPT);
let board = null;

function open() {
  if (board) return;
  byId("board").hidden = false;
  board = new Board(session, shut);
}

function shut(message) {
  board?.close();
  board = null;
  session.leave();
  byId("board").hidden = true;
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
    if (board) shut("");
    const refusal = await door.try(code);
    if (refusal) door.show(refusal);
  } else if (session.token) open();
  else door.show();
}

session.addEventListener("ended", () => shut("Your login has ended. Open a fresh login address to go on."));
byId("leave").onclick = () => shut("You are signed out.");
byId("api-description").href = api.url("/docs").href;
addEventListener("hashchange", () => (location.hash.includes("login=") ? begin() : board?.go()));

begin();
