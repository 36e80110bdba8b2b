import { Api } from "../api.js";
import { byId } from "../elements.js";
import { backoff, pause } from "../pause.js";
import { ProfileCard } from "./card.js";

const FRESH = 30_000;
const NONE = "There is no such profile, or it is not public any more.";

const api = new Api(document.querySelector('meta[name="darkroom-api"]').content);
const notice = byId("notice");
const id = location.pathname.split("/").at(-1);
let asked = 0;

// A link lives for an hour or two, and a page may stay open for days. At most so often, for one that can't be loaded at all.
const card = new ProfileCard(() => Date.now() - asked > FRESH && show());

/** Shows the profile; what may pass is waited for. */
async function show() {
  for (let failures = 0; ; failures += 1) {
    try {
      asked = Date.now();
      const profile = await api.request("GET", `/profiles/${id}`);
      card.show(profile);
      document.title = `${card.name.textContent} · Darkroom`;
      byId("profile").replaceChildren(card.root);
      notice.textContent = "";
      return;
    } catch (error) {
      notice.textContent = error.passing ? `${error.message} It will be tried again.` : NONE;
      if (!error.passing) return;
      await pause(backoff(failures, 10_000));
    }
  }
}

show();
