import { byId, element, onSubmit } from "../elements.js";
import { acts, aside, button } from "./controls.js";
import { Facts } from "./facts.js";
import { Rows, say } from "./rows.js";
import { Section } from "./section.js";
import { bytesInWords, labelOf, numberInWords } from "./words.js";

const PAGE = 20;
const LIMITS = [
  ["slots", "Uploads open at once"],
  ["files", "Files"],
  ["bytes", "Bytes of originals"],
  ["requests", "Requests a minute"],
];

/** Projects and users: what each takes up, what it may, and limits of its own. */
export class Owners extends Section {
  #next = null;
  #told = [];

  constructor(tools) {
    super("owners", tools);
    this.root = byId("owner-root");
    this.prefix = byId("owner-prefix");
    this.more = byId("owners-more");
    this.rows = new Rows(
      byId("owner-list"),
      ({ key }) => key,
      (owner) => this.#row(owner),
    );
    this.root.onchange = () => this.load();
    byId("project-new").onclick = () => this.#askNew("projects", "project");
    byId("user-new").onclick = () => this.#askNew("users", "user");
    this.more.onclick = () => this.#page();
    onSubmit(byId("owner-filters"), () => this.load());
  }

  load() {
    this.#next = null;
    return this.#page();
  }

  #page() {
    const first = this.#next === null;
    const root = this.root.value;
    const asked = new URLSearchParams({
      q: this.prefix.value.trim(),
      limit: PAGE,
      ...(first ? {} : { cursor: this.#next }),
    });
    return this.read(`/admin/${root}?${asked}`, ({ owners, next_cursor: next }) => {
      const keyed = owners.map((owner) => ({ ...owner, root, key: `${root}/${owner.id}` }));
      this.#told = first ? keyed : [...this.#told, ...keyed];
      this.#next = next ?? null;
      this.#show();
    });
  }

  #askNew(root, noun) {
    const fields = [
      { name: "name", label: "Name", hint: "For people." },
      { name: "id", label: "Id", hint: "Letters, digits, - and _. Empty: one is made up. It can't be changed later." },
    ];
    const question = {
      title: `Make a ${noun}`,
      text: "With folders of its own, and no files yet.",
      yes: "Make it",
      fields,
    };
    this.tools.ask.open(question, async ({ name, id }) => {
      const made = await this.send("POST", `/${root}/`, { name, ...(id && { id }) });
      this.root.value = root;
      this.prefix.value = made.id;
      await this.load();
      this.tools.say(`The ${noun} ${made.id} is made.`);
    });
  }

  #show() {
    this.rows.show(this.#told);
    this.more.hidden = this.#next === null;
    this.isEmpty(this.#told.length === 0);
  }

  #row({ id, name }) {
    let now = null;
    const facts = new Facts();
    const own = aside();
    const limits = button("Limits …", `Limits … of ${id}`);
    limits.onclick = () => this.#ask(now);
    const title = name && name !== id ? `${name} (${id})` : id;
    const root = element("li", {}, element("h3", { textContent: title }), facts.root, own, acts(limits));
    const show = (owner) => {
      now = owner;
      facts.show(factsOf(owner));
      const set = LIMITS.filter(([limit]) => owner.own[limit] !== null).map(([, label]) => label.toLowerCase());
      say(own, set.length ? `Limits of its own: ${set.join(", ")}.` : "");
    };
    return { root, show };
  }

  #ask(owner) {
    const { id, own, limits, root } = owner;
    const fields = LIMITS.map(([name, label]) => {
      const usual = own[name] === null ? ` Now: ${limitInWords(name, limits[name])}.` : "";
      return {
        name,
        label,
        value: own[name] === null ? "" : String(own[name]),
        hint: `Empty: as the settings say. 0: no limit.${usual}`,
      };
    });
    const text = "Limits of its own, in place of those that the settings give to all.";
    this.tools.ask.open({ title: `Limits of ${id}`, text, yes: "Set", fields }, async (values) => {
      const asked = Object.fromEntries(
        LIMITS.map(([name]) => [name, values[name] === "" ? null : wholeOf(values[name])]),
      );
      const { limits: inForce, ...used } = await this.send("PUT", `/${root}/${encodeURIComponent(id)}/limits`, asked);
      this.#told = this.#told.map((one) =>
        one.key === owner.key ? { ...one, ...used, limits: inForce, own: asked } : one,
      );
      this.#show();
      this.tools.say(`The limits of ${id} are set.`);
    });
  }
}

// What is no number is sent as it is: the server says what it expects.
function wholeOf(text) {
  const plain = text.replaceAll(/[\s,_]/g, "");
  return /^\d+$/.test(plain) ? Number(plain) : text;
}

function limitInWords(name, value) {
  if (!value) return "no limit";
  return name === "bytes" ? bytesInWords(value) : numberInWords(value);
}

function factsOf({ slots, files, bytes, limits, created_at: at }) {
  const of = (name, value) => (limits[name] ? `${value} of ${limitInWords(name, limits[name])}` : value);
  return [
    [labelOf("files"), of("files", numberInWords(files))],
    ["Originals", of("bytes", bytesInWords(bytes))],
    ["Uploads open", of("slots", numberInWords(slots))],
    ["Requests a minute", limits.requests ? `up to ${numberInWords(limits.requests)}` : "no limit"],
    ["Made", { at }],
  ];
}
