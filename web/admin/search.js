import { byId, element, onSubmit } from "../elements.js";
import { addressOf, idIn } from "./address.js";
import { aside, badge } from "./controls.js";
import { Life } from "./life.js";
import { moment } from "./moments.js";
import { Section } from "./section.js";
import { labelOf } from "./words.js";

const TIMELINE = /^\/assets\/[0-9a-f-]{36}\/timeline$/;

/** What an id is, whatever it is the id of; its life, and what the logs say of it. */
export class Search extends Section {
  #asked = null;

  constructor(tools) {
    super("search", tools);
    this.field = byId("search-id");
    this.found = byId("found");
    this.found.replaceChildren();
    onSubmit(byId("search-form"), async () => {
      const address = addressOf(this.field.value.trim());
      if (location.hash === address) await this.go();
      else location.hash = address;
    });
  }

  /** Looks up what the page's address says. */
  async go() {
    const id = idIn(location.hash);
    if (!id) return;
    this.#asked = this.field.value = id;
    byId("search-title").focus({ preventScroll: true });
    this.box.scrollIntoView();
    await this.load();
  }

  load() {
    if (!this.#asked) return null;
    return this.read(`/admin/search?${new URLSearchParams({ q: this.#asked })}`, (answer) => this.#show(answer));
  }

  #show({ q, found, log }) {
    const none = element("p", { className: "quiet", textContent: `Nothing here has the id ${q}.` });
    const list = element("ul", { className: "lines", role: "list" }, ...found.map((one) => this.#row(one)));
    this.found.replaceChildren(found.length ? list : none, ...logOf(log));
    this.tools.say(
      found.length ? `Found: ${found.map(({ what, name }) => `${what} ${name ?? ""}`).join(", ")}` : none.textContent,
    );
  }

  #row({ what, id, name, state, link }) {
    const title = element("h3", {}, `${labelOf(what)} ${name || id}`, ...(state ? [" ", badge(state)] : []));
    const root = element("li", {}, title);
    if (name && name !== id) root.append(element("code", { className: "id", textContent: id }));
    if (TIMELINE.test(link ?? "")) root.append(new Life(this.tools.session, link).root);
    return root;
  }
}

function logOf({ lines, since, kept }) {
  const title = element("h3", { textContent: "In the logs" });
  const scope = aside(
    `Here are ${kept}`,
    ...(since ? [", the oldest ", moment(since)] : []),
    ". Whole logs are in the data folder of each host.",
  );
  if (lines.length === 0) return [title, element("p", { textContent: "No line names it." }), scope];
  const rows = lines.map(({ at, part, level, line }) =>
    element(
      "li",
      {},
      moment(at),
      badge(level),
      element("strong", { textContent: part }),
      element("code", { textContent: line }),
    ),
  );
  return [title, element("ol", { className: "log", role: "list" }, ...rows), scope];
}
