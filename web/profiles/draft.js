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

  drop() {
    localStorage.removeItem(this.key);
  }
}
