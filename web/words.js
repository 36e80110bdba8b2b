// Everything the page says to a person about states, sizes and failures.

const BY_CODE = {
  upload_expired: "The file never arrived: its upload link ran out first. Send it again.",
  object_missing: "The file's bytes can't be found in storage.",
  object_damaged: "The file's bytes were damaged in storage.",
  version_damaged: "A version of this file was damaged in storage. Trying again makes it anew.",
  no_report: "Nobody has told of storage in the last minute: see with ./ops/status whether the part caretaker is well.",
};

const BY_STATUS = {
  0: "Darkroom can't be reached just now.",
  401: "Your login has ended. Open a fresh login address to go on.",
  403: "This login is not allowed to do that.",
  404: "That is not here any more.",
  408: "That took too long.",
  413: "This file is larger than Darkroom takes.",
  429: "Too much at once. It will go on in a moment.",
  502: "Darkroom is starting or busy.",
  503: "Darkroom is busy or a part of it is starting.",
  504: "That took too long.",
  507: "Storage is nearly full, so nothing new is taken.",
};

const STATES = {
  waiting: "Waiting its turn",
  sending: "Sending",
  sent: "Sent",
  init: "Waiting for its upload",
  uploaded: "In the queue",
  processing: "Developing",
  done: "Done",
  error: "Failed",
};

const KINDS = { image: "Picture", pdf: "PDF", video: "Video", document: "Document", spreadsheet: "Table" };

const VERSION_NAMES = {
  original: "Original",
  video: "Video",
  preview: "Preview",
  poster: "Poster",
  storyboard: "Storyboard",
  storyboard_vtt: "Storyboard, as times",
  pdf: "PDF",
  text: "Text",
  table: "Table, as data",
  thumb: "Thumbnail",
  big_thumb: "Medium",
  big_1920: "Screen",
  d2500: "Large",
};

/** A sentence a person can read: not markup, not JSON, not a stack trace. */
function isProse(text) {
  return typeof text === "string" && text.length > 3 && text.length < 600 && !/[{}<>]|Traceback/.test(text);
}

/**
 * Plain words for an answer that was not a success.
 * @param {number} status HTTP status, 0 where no answer came
 * @param {{code?: string, detail?: string, title?: string}} problem RFC 9457 problem details, if there were any
 */
export function failureInWords(status, problem = {}) {
  if (BY_CODE[problem.code]) return BY_CODE[problem.code];
  const fields = Array.isArray(problem.errors) ? problem.errors : [];
  const first = fields.find((entry) => isProse(entry?.message));
  if (status >= 400 && status < 500 && status !== 401) {
    const said = isProse(problem.detail) ? problem.detail : null;
    if (first && !said?.includes(first.message)) return said ? `${said}: ${first.message}.` : first.message;
    if (said) return said;
  }
  return BY_STATUS[status] ?? "Something went wrong in Darkroom. Try again in a moment.";
}

/** Plain words for the `error` of a file, as the API gives it ({code, message} or null). */
export function fileErrorInWords(error) {
  if (!error) return "It failed, and no reason was given.";
  if (BY_CODE[error.code]) return BY_CODE[error.code];
  return isProse(error.message) ? error.message : "This file could not be developed.";
}

/** Whether trying again can help: what never arrived is not there to be developed. */
export function mayBeTriedAgain(asset) {
  return asset.file !== null || asset.error?.code !== "upload_expired";
}

/** What a picture leaves out of an animation or of a file of several pages; empty where it shows all. */
export function framesInWords(facts) {
  const pages = facts?.pages ?? (facts?.format === "tiff" ? facts.frames : 1);
  const frames = facts?.format === "tiff" ? 1 : (facts?.frames ?? 1);
  const [number, noun] = pages > 1 ? [pages, "pages"] : [frames, "frames"];
  return number > 1 ? `The first of ${number.toLocaleString("en")} ${noun}` : "";
}

export function kindInWords(kind) {
  return KINDS[kind] ?? "File";
}

/** 63 → "1:03", 3723 → "1:02:03"; empty where nobody knows. */
export function durationInWords(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** How long it will take: no more exact than anybody knows. Empty where nobody does. */
export function leftInWords(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s left`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min left` : `${Math.round(seconds / 3600)} h left`;
}

export function stateInWords(state) {
  return STATES[state] ?? "Unknown";
}

export function versionInWords(name) {
  return VERSION_NAMES[name] ?? name.replace(/^shot_0*/, "Shot ");
}

/** 4200000 → "4.2 MB" (decimal units, as storage counts). */
export function sizeInWords(bytes) {
  if (!Number.isFinite(bytes)) return "";
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

export function count(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function momentInWords(iso) {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return "";
  return moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
