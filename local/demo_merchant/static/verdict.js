// The card that says how an order is doing: a state, a headline, a sentence, facts, and what to do next.

import { byId, element, say } from "./elements.js";

/** `state`: idle, working, success or failed. `facts`: [term, value] pairs. `action`: a button or a link. */
export function showVerdict(state, headline, detail, { facts = [], action = null } = {}) {
  const holdsFocus = byId("verdict").contains(document.activeElement);
  byId("verdict").dataset.state = state;
  say(byId("verdict-headline"), headline);
  say(byId("verdict-detail"), detail);
  byId("verdict-action").replaceChildren(...(action ? [action] : []));
  byId("verdict-facts").hidden = facts.length === 0;
  byId("verdict-facts").replaceChildren(
    ...facts.flatMap(([term, value]) => [
      element("dt", {}, term),
      element("dd", { class: /^[a-z]+_\w{16}$/.test(value) ? "id" : "" }, value),
    ]),
  );
  // The button that was pressed may be gone: the keyboard goes on from here.
  if (holdsFocus) (action ?? byId("verdict")).focus({ preventScroll: true });
}

export function bringVerdictIntoView() {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const { top, bottom } = byId("verdict").getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) {
    byId("verdict").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: top < 0 ? "start" : "center" });
  }
}
