const LOOKED_UP = /^#find=(.+)$/;

/** The address on this page by which an id is looked up. */
export function addressOf(id) {
  return `#find=${encodeURIComponent(id)}`;
}

/** The id that the page's own address has to be looked up, or null. */
export function idIn(hash) {
  const found = LOOKED_UP.exec(hash);
  try {
    return found ? decodeURIComponent(found[1]) : null;
  } catch {
    return null;
  }
}
