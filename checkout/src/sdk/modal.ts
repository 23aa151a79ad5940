/** What the customer sees around the checkout: a dialog of the browser's own, so that the page behind it is inert. */

import type { Settings } from "./options";
import { css } from "./styles";
import { TEXTS } from "./texts";

const ID = "payment-gateway-modal";

export interface Modal {
  isThere(): boolean;
  /** Shows the checkout at this address, in a frame of its own, behind "Loading…". */
  load(src: string): Window;
  show(): void;
  fail(): void;
  remove(): void;
}

export function showModal(settings: Settings, asked: { close(): void; retry(): void }): Modal {
  const texts = TEXTS[settings.locale];
  const { accent, radius, scheme = "auto" } = settings.theme;
  const dialog = element("dialog", "", "payment-modal");
  const overlay = element("div", "modal-overlay");
  const card = element("div", "modal-content");
  const bar = element("div", "pg-bar");
  const x = element("button", "pg-x", "close-modal-button");
  const note = element("div", "pg-note", "modal-note");
  dialog.id = ID;
  dialog.lang = settings.locale;
  dialog.dir = "ltr"; // both languages are, whatever the page is
  dialog.dataset.scheme = scheme;
  if (accent) dialog.style.setProperty("--pg-accent", accent);
  if (radius !== undefined) dialog.style.setProperty("--pg-radius", `${radius}px`);
  dialog.setAttribute("aria-label", texts.title);
  bar.textContent = texts.title;
  x.type = "button";
  x.setAttribute("aria-label", texts.close);
  card.append(bar, x, note);
  overlay.append(card);
  dialog.append(overlay);

  // Only the button and Esc close it: a tap beside the card must not lose a payment under way.
  x.onclick = asked.close;
  dialog.oncancel = (event) => {
    event.preventDefault();
    asked.close();
  };
  dialog.onclose = asked.close; // a browser that insists

  (document.body ?? document.documentElement).append(dialog);
  const unstyle = style();
  dialog.showModal();

  let frame: HTMLIFrameElement | undefined;

  function say(text: string, isFailure: boolean): void {
    const said = element("p", "pg-said", isFailure ? "modal-error" : "");
    said.textContent = text;
    said.setAttribute("role", isFailure ? "alert" : "status");
    note.hidden = false;
    note.replaceChildren(said);
    if (!isFailure) {
      note.prepend(element("div", "pg-wait"));
      return;
    }
    const retry = answer(texts.retry, "modal-retry-button", asked.retry);
    retry.classList.add("pg-first");
    note.append(retry, answer(texts.dismiss, "modal-dismiss-button", asked.close));
    retry.focus();
  }

  return {
    isThere: () => dialog.isConnected,
    load(src) {
      frame?.remove();
      say(texts.loading, false);
      x.focus();
      frame = element("iframe", "", "payment-iframe");
      frame.title = texts.frame;
      frame.allow = "payment";
      frame.referrerPolicy = "no-referrer";
      frame.src = src; // before it is in the page, so that it adds nothing to the history
      card.append(frame);
      return frame.contentWindow as Window;
    },
    show() {
      if (note.hidden) return;
      note.hidden = true;
      note.replaceChildren();
      frame?.focus();
    },
    fail: () => say(texts.failed, true),
    remove() {
      dialog.onclose = null;
      dialog.close(); // gives the focus back to where it was
      dialog.remove();
      unstyle();
    },
  };
}

/** Styles the modal and holds the page behind it still, without touching anything of the page's own. */
function style(): () => void {
  const root = document.documentElement;
  const text = css(innerWidth - root.clientWidth, getComputedStyle(root).overflowY === "visible");
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    return () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    };
  } catch {
    // Safari before 16.4
    const element = document.createElement("style");
    element.textContent = text;
    document.head.append(element);
    return () => element.remove();
  }
}

function answer(text: string, testId: string, asked: () => void): HTMLButtonElement {
  const button = element("button", "", testId);
  button.type = "button";
  button.textContent = text;
  button.onclick = asked;
  return button;
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  testId = "",
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (testId) {
    made.setAttribute("data-test-id", testId);
    made.setAttribute("data-testid", testId);
  }
  return made;
}
