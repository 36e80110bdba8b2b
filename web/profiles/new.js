import { Api } from "../api.js";
import { byId, element } from "../elements.js";
import { WalletSession } from "./account.js";
import { Studio } from "./studio.js";
import { Wallets } from "./wallets.js";
import { shortly } from "./words.js";

const LEFT = "A file is not sent to its end yet. Sign out without it?";

const ids = (prefix, names) => Object.fromEntries(names.map((name) => [name, byId(`${prefix}-${name}`)]));
const fields = { name: byId("name"), url: byId("url"), activity_hobbies: byId("text") };
const parts = {
  editor: {
    box: byId("editor"),
    form: byId("form"),
    message: byId("form-message"),
    fields: { ...fields, hashtags: byId("hashtags"), is_incognito: byId("incognito") },
    chips: byId("chips"),
    slots: [...document.querySelectorAll(".slot")],
    preview: byId("preview"),
  },
  payment: ids("pay", [
    ...["box", "amount", "recipient", "copy", "chain", "payer", "state", "bar", "ways", "message", "form", "hash"],
  ]),
  standing: ids("standing", [
    ...["box", "title", "reason", "steps", "public", "address", "still", "edit", "withdraw", "remove", "history"],
  ]),
  status: byId("status"),
  notice: byId("notice"),
  spoken: byId("spoken"),
  body: document.body,
};

const session = new WalletSession(new Api(document.querySelector('meta[name="darkroom-api"]').content));
const wallets = new Wallets();
let studio = null;
let asking = false;

function open() {
  byId("door").hidden = true;
  byId("studio").hidden = false;
  byId("who").textContent = shortly(session.who.address);
  byId("who").title = session.who.address;
  studio = new Studio(parts, session, wallets);
}

function shut(message) {
  studio?.close();
  studio = null;
  session.leave();
  byId("studio").hidden = true;
  byId("door").hidden = false;
  byId("door-message").textContent = message;
}

// A wallet asks its owner, who may take long: asked twice, it would ask twice.
async function signIn(wallet) {
  if (asking) return;
  asking = true;
  byId("door-message").textContent = "";
  byId("door-hint").textContent = "Your wallet asks you now whether to sign in.";
  try {
    wallets.choose(wallet);
    await session.signIn(wallet);
    open();
  } catch (error) {
    byId("door-message").textContent = error.message;
  }
  byId("door-hint").textContent = "";
  asking = false;
}

function offer() {
  const button = (wallet) => element("button", {
    type: "button",
    className: "primary",
    textContent: `Sign in with ${wallet.name}`,
    onclick: () => signIn(wallet),
  });
  byId("wallets").replaceChildren(...wallets.all.map(button));
  byId("no-wallet").hidden = wallets.all.length > 0;
}

wallets.addEventListener("changed", offer);
session.addEventListener("ended", () => shut("Your login has ended. Sign in again: nothing is lost."));
// All that this page holds is of whom it began with.
session.addEventListener("another", () => {
  studio?.close();
  studio = null;
  location.reload();
});
byId("sign-out").onclick = () => (!studio.editor.slots.sending || confirm(LEFT)) && shut("You are signed out.");
addEventListener("beforeunload", (event) => studio?.editor.slots.sending && event.preventDefault());

wallets.find();
if (session.who) open();
else byId("door").hidden = false;
