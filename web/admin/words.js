// Numbers and times as the operator reads them.
import { sizeInWords } from "../words.js";

const NONE = "–";
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const FINE = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const SHARE = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });
const STEPS = [
  [60, "second", 1],
  [3600, "minute", 60],
  [172_800, "hour", 3600],
  [Infinity, "day", 86_400],
];

const UNITS = {
  bytes: (value) => (value < 0 ? `−${bytesInWords(-value)}` : bytesInWords(value)),
  seconds: (value) => durationInWords(value),
  ratio: (value) => SHARE.format(value),
  count: (value) => numberInWords(value),
  per_second: (value) => `${numberInWords(value)}/s`,
  per_minute: (value) => `${numberInWords(value)}/min`,
  bytes_per_second: (value) => `${bytesInWords(value)}/s`,
};

/** 12345 → "12,345", 0.01234 → "0.0123"; a dash where nobody knows. */
export function numberInWords(value) {
  if (!Number.isFinite(value)) return NONE;
  return Math.abs(value) >= 100 || Number.isInteger(value) ? WHOLE.format(value) : FINE.format(value);
}

export function shareInWords(value) {
  return Number.isFinite(value) ? SHARE.format(value) : NONE;
}

export function bytesInWords(value) {
  if (!Number.isFinite(value)) return NONE;
  return value >= 1e15 ? `${numberInWords(value / 1e12)} TB` : sizeInWords(value);
}

/** Seconds as a person says them: 0.12 → "120 ms", 75 → "1 min 15 s", 100000 → "1 d 4 h". */
export function durationInWords(seconds) {
  if (!Number.isFinite(seconds)) return NONE;
  if (seconds === 0) return "0 s";
  if (seconds < 1) return `${FINE.format(seconds * 1000)} ms`;
  if (seconds < 59.5) return `${FINE.format(seconds)} s`;
  if (seconds < 3600) return two(Math.round(seconds), 60, "min", 1, "s");
  if (seconds < 86_400) return two(Math.round(seconds / 60) * 60, 3600, "h", 60, "min");
  return two(Math.round(seconds / 3600) * 3600, 86_400, "d", 3600, "h");
}

function two(seconds, large, largeName, small, smallName) {
  const [whole, rest] = [Math.floor(seconds / large), Math.floor((seconds % large) / small)];
  return rest ? `${whole} ${largeName} ${rest} ${smallName}` : `${whole} ${largeName}`;
}

/** How a figure of this unit is written; plainly where the unit is none that is known. */
export function writerOf(unit) {
  const known = UNITS[unit];
  const plain = (value) => (unit ? `${numberInWords(value)} ${unit}` : numberInWords(value));
  return (value) => (Number.isFinite(value) ? (known ?? plain)(value) : NONE);
}

/** A moment of the API, which is ISO 8601 or seconds since 1970, as a Date; null where there is none. */
export function dateOf(at) {
  if (at === null || at === undefined || at === "") return null;
  const date = new Date(typeof at === "number" ? at * 1000 : at);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** "5 min. ago", "in 3 days". */
export function relativeInWords(date, now = Date.now()) {
  const seconds = (date.getTime() - now) / 1000;
  if (Math.abs(seconds) < 5) return "just now";
  const [, unit, length] = STEPS.find(([below]) => Math.abs(seconds) < below);
  return RELATIVE.format(Math.trunc(seconds / length), unit).replace(". ", " ");
}

export function exactInWords(date) {
  return date.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
}

/** "api_workers" → "Api workers". */
export function labelOf(name) {
  const words = String(name).replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
