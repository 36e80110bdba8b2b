// The media of a profile, as the API shows them: for each role its versions by name, each a link or what has one.

const PICTURES = ["big_1920", "d2500", "big_thumb", "poster", "thumb"];
const FILMS = ["video", "preview"];

/** The link of a version; null where there is none. */
export function linkOf(versions, name) {
  const version = versions?.[name];
  return (typeof version === "string" ? version : version?.url) ?? null;
}

/** The first there is of `names`: {name, url}; null where there is none. */
function first(versions, names) {
  const name = names.find((one) => linkOf(versions, one));
  return name ? { name, url: linkOf(versions, name) } : null;
}

/** The picture to be shown of something. @param {boolean} small whether a small one will do */
export function pictureOf(versions, small = false) {
  return first(versions, small ? [...PICTURES].reverse() : PICTURES);
}

/** What can be played of it: all of it, else some seconds. */
export function filmOf(versions) {
  return first(versions, FILMS);
}

/** What stays the same as long as the bytes do, though the link is signed anew: names of versions have their checksum. */
export function placeOf(url) {
  return url ? new URL(url, location.href).pathname : "";
}
