import { durationInWords, fileErrorInWords, kindInWords, leftInWords, sizeInWords, stateInWords } from "../words.js";

const GONE_FILE = "The file is gone: storage has lost its bytes.";
const DAY = { weekday: "long", day: "numeric", month: "long" };

/** What is wrong with a file; empty where nothing is. */
export function troubleInWords({ state, error }) {
  if (state === "deleted") return "This file was deleted.";
  if (state !== "error") return "";
  return error?.code === "object_missing" ? GONE_FILE : fileErrorInWords(error);
}

/** How much of what is being done with a file is done, in percent; null where nobody knows. */
export function percentOf({ state, file, sent, progress }) {
  if (state === "processing" && progress) return Math.min(100, Math.round(progress.percent));
  if (state !== "sending") return null;
  return file?.size ? Math.min(100, Math.round((sent / file.size) * 100)) : 0;
}

/** How far a file is while it is not done; empty after that. */
export function stageInWords(asset) {
  if (["done", "error", "deleted"].includes(asset.state)) return "";
  const percent = percentOf(asset);
  const left = asset.state === "processing" ? leftInWords(asset.progress?.left) : "";
  const stage = stateInWords(asset.state) + (percent === null ? "" : `, ${percent} %`);
  return left ? `${stage} · ${left}` : stage;
}

/** What a file is, in short: kind, length, size. */
export function factsInWords({ kind, facts, versions, file }) {
  const size = sizeInWords(versions.original?.bytes ?? file?.size);
  return [kindInWords(kind), durationInWords(facts?.seconds), size].filter(Boolean).join(" · ");
}

/** All of a file in one breath. */
export function assetInWords(asset) {
  const said = troubleInWords(asset) || stageInWords(asset);
  return [asset.filename || "File", factsInWords(asset), said].filter(Boolean).join(", ");
}

export function timeInWords(iso) {
  const moment = new Date(iso);
  return Number.isNaN(moment.getTime()) ? "" : moment.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

/** "Today", "Yesterday", or the day. */
export function dayInWords(iso) {
  const day = new Date(iso);
  if (Number.isNaN(day.getTime())) return "";
  const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
  const ago = Math.round((midnight(new Date()) - midnight(day)) / 86_400_000);
  if (ago === 0) return "Today";
  if (ago === 1) return "Yesterday";
  return day.toLocaleDateString("en", ago < 300 ? DAY : { ...DAY, year: "numeric" });
}

/** "ben", "ben and eve", "ben, eve and 3 more". */
export function namesInWords(names, most = 3) {
  const shown = names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : [...names];
  const last = shown.pop();
  return shown.length > 0 ? `${shown.join(", ")} and ${last}` : (last ?? "");
}

/** Who said something: the server itself has no name. */
export function authorInWords({ own, author }) {
  return own ? "You" : (author ?? "Darkroom");
}
