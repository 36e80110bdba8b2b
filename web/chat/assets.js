import { kindOfFile } from "../kinds.js";

// States of a file that nobody may see any more.
const GONE = ["deleting", "deleted"];
let keys = 0;

/**
 * The files of messages, each {key, id, file, filename, state, sent, unsent, error, facts, versions, progress, foreign}:
 * what the uploads and the viewer of the other page work on. `foreign`: it is another one's. `state` is one of the
 * server's, of the uploads', or "deleted"; `partial`: the server knows more of it than was told by an event.
 */
function make(fields) {
  keys += 1;
  const blank = { key: keys, id: null, kind: "image", file: null, filename: "", state: "waiting", sent: 0, partial: false };
  const unknown = { unsent: false, inParts: false, error: null, facts: null, progress: null, createdAt: null };
  return { ...blank, ...unknown, versions: {}, foreign: false, number: 0, kept: false, ...fields };
}

/**
 * One of this page's visitor, on its way. `number` is by what the files of one message are told apart where they are kept,
 * also when some are left out; `kept`: with the page no more of it is lost than was lost before.
 */
export function ownAsset(file, number) {
  const createdAt = new Date().toISOString();
  return make({ file, number, filename: file.name, kind: kindOfFile(file), unsent: true, createdAt });
}

/** One that was on its way when the page was left: `id` once it is there, `file` null where it was not kept. */
export function keptAsset({ file, filename, id, number }) {
  const kept = true;
  if (file) return Object.assign(ownAsset(file, number), { kept }, id ? { id, unsent: false, state: "sent" } : {});
  if (id) return make({ id, number, kept, filename, state: "sent" });
  const message = "This file was not sent before the page was left, and is not kept here. Choose it again.";
  return make({ number, kept, filename, unsent: true, state: "error", error: { message } });
}

/** One that the server tells of. */
export function assetOf(shown, foreign) {
  return learned(make({ id: shown.file_id, foreign }), shown);
}

/** What the server says of a file by now; once it is gone it stays gone. */
export function learned(asset, shown) {
  if (isGone(asset)) return asset;
  asset.unsent = false;
  const nothing = { versions: {}, progress: null, partial: false };
  if (GONE.includes(shown.state)) return Object.assign(asset, { ...nothing, state: "deleted" });
  const { kind = asset.kind, filename = asset.filename, state, error = null, facts = asset.facts } = shown;
  const createdAt = shown.created_at ?? asset.createdAt;
  const progress = state === "processing" ? asset.progress : null;
  const versions = shown.versions ?? {};
  return Object.assign(asset, { kind, filename, state, error, facts, progress, createdAt, versions });
}

export function isGone({ state }) {
  return state === "deleted";
}

/** Whether it is one that storage has whole, so that a message can have it. */
export function isThere({ id, unsent }) {
  return id !== null && !unsent;
}
