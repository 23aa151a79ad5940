/**
 * The Back button of a phone closes the modal: an entry of our own lies on top of the history while it is open.
 *
 * A shop's router never hears of it: our entry carries the state and the address of the page below, and when it goes,
 * the event is kept from others.
 */

const MARK = "paymentGateway";

let leaving = false; // our own history.back() is under way; it comes through later
let waiting: (() => void) | undefined;

function isOurs(nonce: string): boolean {
  const state: unknown = history.state;
  return typeof state === "object" && state !== null && (state as Record<string, unknown>)[MARK] === nonce;
}

function isMarked(): boolean {
  const state: unknown = history.state;
  return typeof state === "object" && state !== null && MARK in state;
}

function page(): string {
  return location.href.split("#")[0] ?? "";
}

/** Returns what takes the entry away again. */
export function onBack(nonce: string, back: () => void): () => void {
  const href = location.href;
  const document = page();
  let isThere = false;

  const enter = () => {
    const state: unknown = history.state;
    const marked = { ...(typeof state === "object" ? state : null), [MARK]: nonce };
    try {
      // An entry of ours that was left over, as by a reload, serves again.
      if (isMarked()) history.replaceState(marked, "");
      else history.pushState(marked, "");
    } catch {
      return; // browsers allow so many a minute; the button and Esc still close
    }
    isThere = true;
    addEventListener("popstate", popped, true);
  };

  const popped = (event: PopStateEvent) => {
    if (isOurs(nonce)) return;
    if (location.href === href) {
      event.stopImmediatePropagation();
      isThere = false;
      back();
    } else if (page() !== document) {
      isThere = false; // the shop went to another of its pages
      back();
    }
    // Else the shop changed its fragment, which is its own business.
  };

  const leave = () => {
    removeEventListener("popstate", popped, true);
    if (!isThere) {
      if (waiting === enter) waiting = undefined;
      return;
    }
    isThere = false;
    // Later, so that a shop that goes elsewhere, or opens another modal, when this one closes, comes first.
    setTimeout(() => {
      if (isOurs(nonce) && !leaving) goBack(nonce);
    });
  };

  if (leaving) waiting = enter;
  else enter();
  return leave;
}

function goBack(nonce: string): void {
  leaving = true;
  const landed = (event: PopStateEvent) => {
    event.stopImmediatePropagation();
    // The shop added an entry while we were on our way: return to it.
    if (isOurs(nonce)) return history.forward();
    removeEventListener("popstate", landed, true);
    leaving = false;
    waiting?.();
    waiting = undefined;
  };
  addEventListener("popstate", landed, true);
  history.back();
}
