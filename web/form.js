import { send } from "./sending.js";

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
 * @param {string | URL} link where to
 * @param {Record<string, string>} params
 * @param {File} file
 * @param {(sent: number) => void} onprogress bytes of the file so far
 * @param {AbortSignal} signal calls it off
 * @throws {ApiError} as `send` does
 */
export function sendForm(link, params, file, onprogress, signal) {
  const form = new FormData();
  for (const [name, value] of Object.entries(params)) form.append(name, value);
  form.append("file", file);
  return send("POST", link, form, (part) => onprogress(Math.round(part * file.size)), signal);
}
