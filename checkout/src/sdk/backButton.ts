/**
 * The Back button of a phone closes the modal: an entry of our own lies on top of the history while it is open.
 *
 * The entry has the state and the address of the shop's page below, so a router that hears of it stays where it is.
 */

const MARK = "paymentGateway";
// Before our entry is taken away. A shop that goes elsewhere when the modal closes does so by then, and a history.back()
// in the middle of that would undo it.
const SETTLED_MS = 300;

let leaving: (() => void) | undefined; // our own history.back() is under way; what to do when it is through

/** Whose entry is on top: the nonce of an opening, or nothing. */
function mark(): unknown {
  return (history.state as Record<string, unknown> | null)?.[MARK];
}

/** Returns what takes the entry away again. */
export function onBack(nonce: string, back: () => void): () => void {
  const href = location.href;
  let isThere = false;

  const enter = () => {
    const state: unknown = history.state;
    const marked = { ...(typeof state === "object" ? state : null), [MARK]: nonce };
    try {
      // An entry of ours that was left over, as by a reload, serves again.
      if (mark()) history.replaceState(marked, "");
      else history.pushState(marked, "");
    } catch {
      return; // browsers allow so many a minute; the button and Esc still close
    }
    isThere = true;
    addEventListener("popstate", popped);
  };

  const popped = () => {
    const [page, fragment] = location.href.split("#");
    const [pageBefore, fragmentBefore] = href.split("#");
    // Another fragment of the same page is the shop's own business.
    if (mark() === nonce || (page === pageBefore && fragment !== fragmentBefore)) return;
    isThere = false;
    back();
  };

  if (leaving) leaving = enter;
  else enter();

  return () => {
    removeEventListener("popstate", popped);
    if (leaving === enter) leaving = () => {};
    if (!isThere) return;
    // A page that is being left takes the entry with it, and going back would stop it.
    const stay = () => {
      clearTimeout(timer);
      removeEventListener("beforeunload", stay);
    };
    const timer = setTimeout(() => {
      stay();
      if (mark() === nonce && !leaving) goBack();
    }, SETTLED_MS);
    addEventListener("beforeunload", stay);
  };
}

function goBack(): void {
  leaving = () => {};
  const landed = () => {
    const next = leaving;
    leaving = undefined;
    next?.();
  };
  addEventListener("popstate", landed, { once: true });
  history.back();
}
