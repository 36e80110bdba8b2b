import { failureInWords } from "./words.js";

const PATIENCE = 30_000;

/**
 * A refusal or a failure; `message` is fit to be shown, `status` is 0 where no answer came at all, `fields` are what is
 * wrong with each field of what was sent: [{field, message}].
 */
export class ApiError extends Error {
  constructor(status, problem = {}) {
    super(failureInWords(status, problem));
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code ?? null;
    this.fields = Array.isArray(problem.errors) ? problem.errors : [];
  }

  /** Whether the same request may succeed later, unchanged. */
  get passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

async function problemOf(response) {
  try {
    const body = await response.json();
    return typeof body === "object" && body ? body : {};
  } catch {
    return {};
  }
}

/** The HTTP API at one base address. Holds no credentials: each call names its own. */
export class Api {
  /** @param {string} base where the API is, e.g. "https://photos.lan"; empty for the page's own origin */
  constructor(base = "") {
    this.base = new URL(base || "/", location.href);
  }

  url(path) {
    return new URL(path, this.base);
  }

  /** The same address for a websocket. */
  socketUrl(path) {
    const url = this.url(path);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url;
  }

  /**
   * One request; gives the decoded body (null when there is none).
   * @param {string} method
   * @param {string} path
   * @param {{token?: string, body?: object, keepalive?: boolean}} options keepalive: it outlives the page
   * @throws {ApiError}
   */
  async request(method, path, { token, body, keepalive = false } = {}) {
    const headers = { Accept: "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(this.url(path), {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        keepalive,
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      throw new ApiError(0);
    }
    if (!response.ok) throw new ApiError(response.status, await problemOf(response));
    const text = await response.text().catch(() => {
      throw new ApiError(0);
    });
    return text ? JSON.parse(text) : null;
  }
}
