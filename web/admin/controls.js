import { element } from "../elements.js";

/**
 * A small button.
 * @param {string} text what stands on it
 * @param {string} name what it is called where several say the same; begins with that text
 */
export function button(text, name = text, more = "") {
  return element("button", {
    type: "button",
    className: `small ${more}`.trim(),
    textContent: text,
    "aria-label": name,
  });
}

/** One word about a state. */
export function badge(text = "") {
  return element("span", { className: "badge", textContent: text });
}

/** What stands at the end of a row. */
export function acts(...buttons) {
  return element("p", { className: "acts" }, ...buttons);
}

export function aside(...children) {
  return element("p", { className: "quiet small-text" }, ...children);
}
