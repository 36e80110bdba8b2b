const KEPT = "darkroom.profile.draft";

/** What somebody has written and not sent in yet: kept in this browser at each letter, until it is sent in. */
export class Draft {
  constructor(user) {
    this.key = `${KEPT}.${user}`;
  }

  /** {values, without}: the fields, and the roles whose files are left out; null where nothing was begun. */
  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  write(draft) {
    try {
      localStorage.setItem(this.key, JSON.stringify(draft));
    } catch {
      // Nothing can be kept here: the page itself still has it.
    }
  }

  /** The fields with what another tab has kept, but for those that were changed here since `known`. */
  merged(values, known) {
    const kept = this.read()?.values ?? values;
    const choose = (name) => (values[name] === known[name] ? kept[name] : values[name]);
    return Object.fromEntries(Object.keys(values).map((name) => [name, choose(name)]));
  }

  drop() {
    localStorage.removeItem(this.key);
  }
}
