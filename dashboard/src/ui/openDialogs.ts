/** The dialogs that are open, one above the other: Escape is for the uppermost, and each gives the focus back. */

import { useEffect, useRef, useState } from "react";

const open: { close: () => void }[] = [];

function escaped(event: KeyboardEvent): void {
  if (event.key !== "Escape" || event.isComposing) return;
  // A list of choices within the dialog is closed alone.
  if (event.target instanceof Element && event.target.getAttribute("data-mantine-stop-propagation") === "true") return;
  open.at(-1)?.close();
}

/** What had the focus; of a menu, which is gone by the time, what opened the menu. */
function opener(): Element | null {
  const focused = document.activeElement;
  if (focused === document.body) return null;
  const menu = focused?.closest('[role="menu"]');
  return menu ? document.getElementById(menu.getAttribute("aria-labelledby") ?? "") : focused;
}

function giveBack(to: Element | null): void {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  const places = [to, [...document.querySelectorAll('[role="dialog"]')].at(-1), document.getElementById("content")];
  for (const place of places) {
    if (!(place instanceof HTMLElement) || !place.isConnected) continue;
    place.focus({ preventScroll: true });
    if (document.activeElement === place) return;
  }
}

/** For a dialog that is open for as long as it is mounted. */
export function useOpenDialog(close: () => void): void {
  const newest = useRef(close);
  newest.current = close;
  const [before] = useState(opener);
  useEffect(() => {
    const mine = { close: () => newest.current() };
    if (open.length === 0) window.addEventListener("keydown", escaped, { capture: true });
    open.push(mine);
    return () => {
      open.splice(open.indexOf(mine), 1);
      if (open.length === 0) window.removeEventListener("keydown", escaped, { capture: true });
      giveBack(before);
    };
  }, [before]);
}
