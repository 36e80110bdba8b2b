import { byId, element } from "../elements.js";
import { count } from "../words.js";
import { acts, aside, badge, button } from "./controls.js";
import { moment } from "./moments.js";
import { Rows, say } from "./rows.js";
import { Section } from "./section.js";

/** The keys by which servers call the API: made, listed, revoked. */
export class Keys extends Section {
  constructor(tools) {
    super("keys", tools);
    this.made = byId("key-made");
    this.rows = new Rows(
      byId("key-list"),
      ({ key }) => key,
      (first) => this.#row(first),
    );
    byId("key-new").onclick = () => this.#askNew();
  }

  load() {
    return this.read("/admin/keys", ({ keys }) => {
      const good = keys.filter((key) => !key.revoked_at);
      // Several may have one name: each is told by when it was made, too, and the first good one revokes them all.
      const rows = keys.map((key) => {
        const alike = good.filter(({ name }) => name === key.name);
        return { ...key, key: `${key.name} ${key.created_at}`, revokes: alike[0] === key ? alike.length : 0 };
      });
      this.rows.show(rows);
      this.isEmpty(keys.length === 0);
    });
  }

  close() {
    super.close();
    this.made.replaceChildren();
    this.made.hidden = true;
  }

  #askNew() {
    const fields = [
      { name: "name", label: "Name", hint: "What it is for, to recognise it by." },
      { name: "admin", label: "It may do what an operator may", kind: "check" },
    ];
    const text = "It is shown once, and can't be read again later.";
    this.tools.ask.open({ title: "Make a key", text, yes: "Make it", fields }, async ({ name, admin }) => {
      this.#showMade(await this.send("POST", "/admin/keys", { name, admin }));
      await this.load();
    });
  }

  #showMade({ name, key }) {
    const field = element("input", { type: "text", readOnly: true, value: key, "aria-label": `The key ${name}` });
    const copy = button("Copy");
    const done = button("I have it", "I have it", "quiet-button");
    field.onfocus = () => field.select();
    copy.onclick = () => this.#copy(field);
    done.onclick = () => {
      this.made.replaceChildren();
      this.made.hidden = true;
      byId("key-new").focus();
    };
    const text = element("p", { textContent: `The key ${name}. Keep it where it is needed: it is not shown again.` });
    this.made.replaceChildren(text, field, acts(copy, done));
    this.made.hidden = false;
    this.tools.say(text.textContent);
  }

  // A page that is not on https or this machine may not reach the clipboard.
  async #copy(field) {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      this.tools.say("Copied.");
    } catch {
      this.tell("It could not be copied: it is marked now, to be copied by hand.");
    }
  }

  #row({ name, admin }) {
    const facts = aside();
    const revoke = button("Revoke", `Revoke ${name}`, "danger");
    revoke.onclick = () => this.#askRevoke(name);
    const rights = admin ? [" ", badge("Admin")] : [];
    const root = element("li", {}, element("div", {}, element("h3", {}, name, ...rights), facts), acts(revoke));
    let told;
    const show = ({ created_at: made, revoked_at: gone, yours, revokes }) => {
      revoke.hidden = revokes === 0 || yours;
      say(revoke, revokes > 1 ? `Revoke all ${revokes}` : "Revoke");
      revoke.setAttribute("aria-label", revokes > 1 ? `Revoke all ${revokes} keys ${name}` : `Revoke ${name}`);
      root.dataset.state = gone ? "revoked" : "good";
      if (told === gone) return;
      told = gone;
      facts.replaceChildren(
        "made ",
        moment(made),
        ...(gone ? [" · revoked ", moment(gone)] : []),
        yours ? " · yours" : "",
      );
    };
    return { root, show };
  }

  #askRevoke(name) {
    const text =
      "Every key of this name is refused within five seconds. Tokens made with it last to their end, an hour at most.";
    this.tools.ask.open({ title: `Revoke ${name}?`, text, yes: "Revoke", danger: true }, async () => {
      const { revoked } = await this.send("POST", "/admin/keys/revoke", { name });
      await this.load();
      this.tools.say(`${count(revoked, "key is", "keys are")} revoked.`);
    });
  }
}
