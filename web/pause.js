/**
 * Waits, but no longer than until the network is back: the back-off of everything that retries.
 * @param {number} milliseconds
 * @param {AbortSignal} [signal] ends the wait early, without an error
 */
export function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      removeEventListener("online", finish);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    addEventListener("online", finish);
    signal?.addEventListener("abort", finish);
    if (signal?.aborted) finish();
  });
}

/** 0.5 s, 1 s, 2 s … up to `most`, each shortened at random so that a thousand pages don't knock together. */
export function backoff(failures, most = 30_000) {
  return Math.min(most, 500 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}
