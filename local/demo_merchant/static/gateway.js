// The pill that says whether the shop's server reaches the gateway, and what it found there.

import { ask, repeat, Trouble } from "./ask.js";
import { byId, notice, say } from "./elements.js";

const POLL_MS = 5000;
const WORDS = {
  connected: "Gateway connected",
  unavailable: "Gateway not answering",
  refused: "Gateway refuses this shop",
};

export function watchGateway() {
  return repeat(look, POLL_MS);
}

async function look() {
  try {
    show((await ask("/gateway.json")).answer);
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    show({ state: "gone", description: trouble.message });
  }
}

function show({ state, description }) {
  byId("gateway-pill").dataset.state = WORDS[state] ? state : "unavailable";
  say(byId("gateway-text"), WORDS[state] ?? "Shop not answering");
  const isConnected = state === "connected";
  notice(byId("notice"), isConnected ? "" : description);
  notice(byId("inbox-notice"), isConnected ? description : "");
}
