import { element } from "../elements.js";
import { dateOf, exactInWords, relativeInWords } from "./words.js";

const EVERY = 5000; // milliseconds

/** When something was or will be: relative to now, exactly in its title. @param {string | number | null} at */
export function moment(at, none = "never") {
  const date = dateOf(at);
  if (!date) return element("span", { className: "quiet", textContent: none });
  const iso = date.toISOString();
  return element("time", { dateTime: iso, title: exactInWords(date), textContent: relativeInWords(date) });
}

/** The same in an element that is there already; nothing is touched that says so already. */
export function showMoment(box, at, none = "never") {
  const said = dateOf(at)?.toISOString() ?? none;
  if (box.dataset.at === said) return;
  box.dataset.at = said;
  box.replaceChildren(moment(at, none));
}

/** Keeps what every `moment` below `root` says true. @param {AbortSignal} signal ends it */
export function keepMoments(root, signal) {
  const timer = setInterval(() => {
    for (const time of root.querySelectorAll("time")) {
      const said = relativeInWords(new Date(time.dateTime));
      if (time.textContent !== said) time.textContent = said;
    }
  }, EVERY);
  signal.addEventListener("abort", () => clearInterval(timer));
}
