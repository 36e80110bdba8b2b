import { element } from "../elements.js";
import { filmOf, linkOf, pictureOf, placeOf } from "./versions.js";

const HIDDEN = "Incognito";

/** The address of all profiles with a hashtag. */
export function addressOfHashtag(name) {
  return `/profiles/?${new URLSearchParams({ hashtag: name })}`;
}

/** Hashtags as a list of links. */
export function hashtagList(names) {
  const link = (name) => element("a", { className: "chip", href: addressOfHashtag(name), textContent: `#${name}` });
  const row = (name) => element("li", {}, link(name));
  return element("ul", { className: "chips", role: "list", "aria-label": "Hashtags" }, ...names.map(row));
}

/** A stranger's link, followed without a word of where one comes from; null for what a browser should not open. */
function linkTo(address) {
  const url = URL.canParse(address ?? "") ? new URL(address) : null;
  if (!url || !["http:", "https:"].includes(url.protocol)) return null;
  const rel = "noopener noreferrer nofollow ugc";
  return element("a", { className: "profile-link", href: url.href, target: "_blank", rel, textContent: address });
}

/** A profile as everybody sees it: from strangers, so all of it is text and none is markup. */
export class ProfileCard {
  #lost;
  #places = {};
  #told = "";

  /** @param {() => void} [lost] hears that a link does not work any more */
  constructor(lost = () => {}) {
    this.#lost = lost;
    this.film = element("div", { className: "profile-film" });
    this.picture = element("div", { className: "profile-picture" });
    this.logo = element("div", { className: "profile-logo" });
    this.name = element("h2", { className: "profile-name" });
    this.link = element("p", { className: "profile-where" });
    this.wallet = element("p", { className: "profile-wallet quiet" });
    this.text = element("p", { className: "profile-text" });
    this.hashtags = element("div");
    const who = element("div", {}, this.name, this.link, this.wallet);
    const head = element("header", { className: "profile-head" }, this.logo, who);
    this.root = element("article", { className: "profile" }, this.film, this.picture, head, this.text, this.hashtags);
  }

  /** @param {object} profile as the API shows it: {name, url, wallet, activity_hobbies, hashtags, is_incognito, media} */
  show(profile) {
    const { media = {}, ...told } = profile;
    this.#write(told);
    const of = (what) => `${what} of ${this.name.textContent}`;
    this.#place("logo", this.logo, pictureOf(media.logo, true), (url) => this.#image("logo", url, of("Logo")));
    this.#place("image", this.picture, pictureOf(media.image), (url) => this.#image("image", url, of("Picture")));
    this.#place("video", this.film, filmOf(media.video), (url) => this.#video(url, media.video, of("Video")));
  }

  // Told of again and again, what says the same is left alone: a link may have the focus.
  #write(told) {
    const key = JSON.stringify(told);
    if (this.#told === key) return;
    this.#told = key;
    const { name, url, wallet, activity_hobbies: text, hashtags, is_incognito: incognito } = told;
    this.name.textContent = incognito ? HIDDEN : (name ?? "");
    this.link.replaceChildren(...(incognito ? [] : [linkTo(url)]).filter(Boolean));
    this.wallet.textContent = incognito ? "" : (wallet ?? "");
    this.text.textContent = text ?? "";
    this.hashtags.replaceChildren(...(hashtags?.length ? [hashtagList(hashtags)] : []));
  }

  // What is on stays on, though its link is another one: it may be playing.
  #place(role, box, found, make) {
    const place = placeOf(found?.url);
    box.hidden = !found;
    if (this.#places[role] === place) return;
    const at = box.querySelector("video")?.currentTime ?? 0;
    this.#places[role] = place;
    box.replaceChildren(...(found ? [make(found.url)] : []));
    const video = box.querySelector("video");
    if (at > 0 && video) video.currentTime = at;
  }

  #gone(role) {
    this.#places[role] = null;
    this.#lost();
  }

  #image(role, src, alt) {
    return element("img", { alt, src, decoding: "async", onerror: () => this.#gone(role) });
  }

  #video(src, versions, label) {
    const made = element("video", { controls: true, playsInline: true, preload: "metadata", "aria-label": label });
    const poster = linkOf(versions, "poster");
    if (poster) made.poster = poster;
    made.onerror = () => this.#gone("video");
    made.src = src;
    return made;
  }
}
