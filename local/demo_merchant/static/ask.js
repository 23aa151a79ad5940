// Calls from the shop's pages to the shop's own server.

const ASK_MS_MAX = 30000;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Something that went wrong; the message is for the customer. `status`: the server's, 0 without an answer. */
export class Trouble extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { signal: AbortSignal.timeout(ASK_MS_MAX), ...options });
  } catch {
    throw new Trouble("The shop's own server does not answer. Is it still running?");
  }
  if (response.status === 304) {
    await response.text(); // empty, but unread it would count as an aborted request
    return { response, answer: null };
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) {
    const words = answer?.error?.description ?? `The shop answered with status ${response.status}.`;
    throw new Trouble(words, response.status);
  }
  return { response, answer };
}

export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return (await ask(path, { method: "POST", headers, body: JSON.stringify(body) })).answer;
}

/** Runs `step` for as long as the page is open, at rest while nobody looks at it. */
export async function repeat(step, everyMs) {
  for (;;) {
    if (!document.hidden) await step();
    await pause(everyMs);
    if (document.hidden) {
      await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
    }
  }
}
