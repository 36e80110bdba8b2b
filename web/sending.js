import { ApiError } from "./api.js";

const STORAGE_CODES = {
  EntityTooLarge: { code: "too_large", detail: "This file is larger than Darkroom takes." },
  EntityTooSmall: { code: "empty", detail: "This file is empty." },
  XAmzContentSHA256Mismatch: { code: "changed", detail: "This file was changed while it was sent. Choose it again." },
};

// A connection that broke without a word shows nothing but silence: no byte is taken any more, or no answer comes.
// An answer may take longer, since the last megabyte can wait for a slow line after the browser has handed it over.
const TAKEN_WITHIN = 45_000;
const ANSWERED_WITHIN = 120_000;

/** What storage says (XML) or the server (JSON), as problem details. */
function problemIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    const code = /<Code>(\w+)<\/Code>/.exec(text ?? "")?.[1];
    return STORAGE_CODES[code] ?? { code };
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
 * Sends bytes. XHR, because fetch can't say how much was sent.
 * @param {"POST" | "PUT"} method
 * @param {string | URL} link where to
 * @param {FormData | Blob} body
 * @param {(part: number) => void} onprogress how much of it was sent so far, from 0 to 1
 * @param {AbortSignal} signal calls it off
 * @param {string} [token] where it is the server that they are sent to
 * @throws {ApiError} status 0 if the connection broke, went silent or was called off
 */
export function send(method, link, body, onprogress, signal, token) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => onprogress(total ? loaded / total : 1);
    request.onerror = request.onabort = () => reject(new ApiError(0));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new ApiError(request.status, problemIn(request.responseText)));
    };
    request.open(method, link);
    if (token) request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.send(body);
    callOffInTime(request, signal);
    if (signal.aborted) request.abort();
  });
}
