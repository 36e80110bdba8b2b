import { Api } from "../api.js";
import { byId, element, onSubmit } from "../elements.js";
import { addressOfHashtag, hashtagList } from "./card.js";
import { pictureOf } from "./versions.js";

const PAGE = 24;
const POPULAR = 20;
const NOBODY = "Nobody has published a profile yet.";

const api = new Api(document.querySelector('meta[name="darkroom-api"]').content);
const hashtag = new URLSearchParams(location.search).get("hashtag")?.replace(/^#/, "").trim() ?? "";
const list = byId("profiles");
const more = byId("more");
let next = null;

function row({ profile_id: id, name, hashtags, media }) {
  const picture = pictureOf(media?.image, true);
  const shown = name ?? "Incognito";
  const link = element("a", { href: `/profiles/${encodeURIComponent(id)}` });
  const thumb = element("span", { className: "profile-thumb" });
  if (picture) thumb.append(element("img", { alt: "", loading: "lazy", decoding: "async", src: picture.url }));
  link.append(thumb, element("span", { className: "profile-title", textContent: shown }));
  return element("li", {}, link, hashtagList(hashtags ?? []));
}

async function load() {
  more.disabled = true;
  try {
    const asked = { limit: PAGE, ...(hashtag && { hashtag }), ...(next && { cursor: next }) };
    const page = await api.request("GET", `/profiles/?${new URLSearchParams(asked)}`);
    list.append(...page.profiles.map(row));
    next = page.next_cursor ?? null;
    more.hidden = next === null;
    const none = hashtag ? `No profile has #${hashtag}.` : NOBODY;
    byId("notice").textContent = list.children.length === 0 ? none : "";
  } catch (error) {
    byId("notice").textContent = error.message;
    // Pressed, it is tried again.
    more.hidden = false;
  }
  more.disabled = false;
}

/** The hashtags that most have, to choose from; without them there is still the field. */
async function offer() {
  const { hashtags } = await api.request("GET", `/hashtags/?limit=${POPULAR}`);
  byId("popular").replaceChildren(...(hashtags.length > 0 ? [hashtagList(hashtags.map(({ name }) => name))] : []));
}

const title = hashtag ? `#${hashtag}` : "Profiles";
byId("title").textContent = title;
document.title = `${title} · Darkroom`;
byId("hashtag").value = hashtag;
more.onclick = load;
onSubmit(byId("search"), async () => {
  const wanted = byId("hashtag").value.trim().replace(/^#/, "");
  location.assign(wanted ? addressOfHashtag(wanted) : "/profiles/");
});
offer().catch(() => {});
load();
