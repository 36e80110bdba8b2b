import { ApiError } from "./api.js";

const STORAGE_CODES = {
  EntityTooLarge: { code: "too_large", detail: "This file is larger than Darkroom takes." },
  EntityTooSmall: { code: "empty", detail: "This file is empty." },
};

// A connection that broke without a word shows nothing but silence: no byte is taken any more, or no answer comes.
// An answer may take longer, since the last megabyte can wait for a slow line after the browser has handed it over.
const TAKEN_WITHIN = 45_000;
const ANSWERED_WITHIN = 120_000;

/** What storage says (XML), as problem details. */
function storageProblem(text) {
  const code = /<Code>(\w+)<\/Code>/.exec(text ?? "")?.[1];
  return STORAGE_CODES[code] ?? { code };
}

/**
 * The largest file a presigned form takes, in bytes, read from its own policy; null if the policy doesn't say.
 * To know it beforehand saves sending a hundred megabytes only to be refused.
 */
export function largestTaken(params) {
  try {
    const { conditions } = JSON.parse(atob(params.policy ?? params.Policy));
    const range = conditions.find((condition) => condition[0] === "content-length-range");
    return range ? Number(range[2]) : null;
  } catch {
    return null;
  }
}

/** Calls a request off when `signal` says so, when the network goes, and when nothing is heard of it for too long. */
function callOffInTime(request, signal) {
  const ended = new AbortController();
  const callOff = () => request.abort();
  let silence;
  const expectWithin = (milliseconds) => {
    clearTimeout(silence);
    silence = setTimeout(callOff, milliseconds);
  };
  signal.addEventListener("abort", callOff, { signal: ended.signal });
  addEventListener("offline", callOff, { signal: ended.signal });
  ended.signal.addEventListener("abort", () => clearTimeout(silence));
  request.upload.addEventListener("progress", () => expectWithin(TAKEN_WITHIN));
  request.upload.addEventListener("load", () => expectWithin(ANSWERED_WITHIN));
  request.addEventListener("loadend", () => ended.abort());
  expectWithin(TAKEN_WITHIN);
}

/**
 * Sends a file by a presigned form: every pair of `params`, then the field `file`, which must be the last.
 * XHR, because fetch can't say how much was sent.
 * @param {string} link where to
 * @param {Record<string, string>} params
 * @param {File} file
 * @param {(sent: number) => void} onprogress bytes of the file so far
 * @param {AbortSignal} signal calls it off
 * @throws {ApiError} status 0 if the connection broke, went silent or was called off
 */
export function sendForm(link, params, file, onprogress, signal) {
  const form = new FormData();
  for (const [name, value] of Object.entries(params)) form.append(name, value);
  form.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => onprogress(Math.round((loaded / total) * file.size));
    request.onerror = request.onabort = () => reject(new ApiError(0));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new ApiError(request.status, storageProblem(request.responseText)));
    };
    request.open("POST", link);
    request.send(form);
    callOffInTime(request, signal);
    if (signal.aborted) request.abort();
  });
}
