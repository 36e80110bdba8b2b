import { ApiError } from "./api.js";

const STORAGE_CODES = {
  EntityTooLarge: { code: "too_large", detail: "This file is larger than Darkroom takes." },
  EntityTooSmall: { code: "empty", detail: "This file is empty." },
};

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

/**
 * Sends a file by a presigned form: every pair of `params`, then the field `file`, which must be the last.
 * XHR, because fetch can't say how much was sent.
 * @param {string} link where to
 * @param {Record<string, string>} params
 * @param {File} file
 * @param {(sent: number) => void} onprogress bytes of the file so far
 * @param {AbortSignal} signal calls it off
 * @throws {ApiError} status 0 if the connection broke or was called off
 */
export function sendForm(link, params, file, onprogress, signal) {
  const form = new FormData();
  for (const [name, value] of Object.entries(params)) form.append(name, value);
  form.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const callOff = () => request.abort();
    signal.addEventListener("abort", callOff);
    request.upload.onprogress = ({ loaded, total }) => onprogress(Math.round((loaded / total) * file.size));
    request.onerror = request.onabort = request.ontimeout = () => reject(new ApiError(0));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new ApiError(request.status, storageProblem(request.responseText)));
    };
    request.onloadend = () => signal.removeEventListener("abort", callOff);
    request.open("POST", link);
    request.send(form);
    if (signal.aborted) callOff();
  });
}
