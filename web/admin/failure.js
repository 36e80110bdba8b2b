import { element } from "../elements.js";
import { count, fileErrorInWords, kindInWords } from "../words.js";
import { addressOf } from "./address.js";
import { acts, aside, button } from "./controls.js";
import { moment } from "./moments.js";
import { say } from "./rows.js";

const FIXERS = { client: "Who sent it can mend it.", operator: "You can mend it." };

/**
 * The row of one file that failed.
 * @param {object} file as /admin/failed tells it
 * @param {(button: HTMLButtonElement) => void} again tries it again
 */
export function failureRow({ asset_id: id, filename, kind }, again) {
  const picture = element("div", { className: "thumb", "aria-hidden": "true" });
  const why = element("p");
  const facts = aside();
  const text = element("div", {}, element("h3", { textContent: filename }), why, facts);
  // Files may be called alike: by the end of their ids those who only hear it tell them apart.
  const called = `${filename}, ${id.slice(-6)}`;
  const retry = button("Try again", `Try again ${called}`);
  retry.onclick = () => again(retry);
  const root = element("li", { className: "file" }, picture, text, acts(retry, wayToLife(id, called)));
  const show = (told) => {
    say(why, [fileErrorInWords(told), FIXERS[told.fixer]].filter(Boolean).join(" "));
    showFacts(facts, told);
    showPicture(picture, told.preview, kind);
    retry.hidden = !told.with_file;
  };
  return { root, show };
}

function wayToLife(id, called) {
  const name = `Its life: ${called}`;
  return element("a", { className: "button small", href: addressOf(id), textContent: "Its life", "aria-label": name });
}

function showFacts(box, { code, lane, root, owner, attempts, failed_at: at, with_file: there }) {
  const told = JSON.stringify([code, attempts, at, there]);
  if (box.dataset.told === told) return;
  box.dataset.told = told;
  const never = there ? [] : ["its bytes never came: it can only be sent again"];
  const parts = [element("code", { textContent: code }), lane, `${root}/${owner}`, count(attempts, "try", "tries")];
  box.replaceChildren(...[...parts, ...never, moment(at)].flatMap((part, at) => (at ? [" · ", part] : [part])));
}

// Each link is another one, though the picture is the same: what is shown stays.
function showPicture(box, preview, kind) {
  if (box.querySelector("img") || (box.firstChild && !preview)) return;
  const named = element("span", { textContent: kindInWords(kind) });
  if (!preview) box.replaceChildren(named);
  else {
    const image = element("img", { alt: "", loading: "lazy", decoding: "async", src: preview });
    image.onerror = () => box.replaceChildren(named);
    box.replaceChildren(image);
  }
}
