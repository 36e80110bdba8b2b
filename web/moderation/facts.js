import { element } from "../elements.js";
import { editionInWords, sentence } from "../profiles/words.js";
import { momentInWords } from "../words.js";

function fact(name, value) {
  return element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value }));
}

/** What only a moderator sees, also of one who is incognito to all others. */
export function factList({ name, url, wallet, is_incognito: incognito, since, payment }) {
  const paid = payment ? [payment.status, sentence(payment.reason)].filter(Boolean).join(": ") : "";
  const facts = [
    ["Name", name],
    ["Link", url],
    ["Wallet", wallet],
    ["Shown as", incognito ? "Incognito: without name, wallet and link" : "With name, wallet and link"],
    ["Payment", paid],
    ["Waits since", momentInWords(since)],
  ];
  return facts.filter(([, value]) => value).map(([label, value]) => fact(label, value));
}

/** What the pre-checks noticed, and why. */
export function flagList(flags) {
  return flags.map(({ field, found, language, severity, why }) =>
    element("li", {},
      element("strong", { textContent: `“${found}”` }),
      element("span", { className: "quiet", textContent: [field, language, severity].join(" · ") }),
      element("p", { textContent: sentence(why) })));
}

/** All that has become of an edition. */
export function stepList(history) {
  return history.map(({ at, who, state, reason }) =>
    element("li", {},
      element("time", { dateTime: at, textContent: momentInWords(at) }),
      element("span", { textContent: [editionInWords(state), who && `by ${who}`].filter(Boolean).join(", ") }),
      element("span", { className: "quiet", textContent: sentence(reason ?? "") })));
}
