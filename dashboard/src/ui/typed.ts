/** What is typed into a field that narrows a list: it counts when the typing stops, or with Enter. */

import { useEffect, useRef, useState } from "react";

const SETTLE_MS = 350;

/** For a text field: `taken` says what counts at all. What is chosen elsewhere is shown. */
export function useTyped(
  value: string,
  choose: (value: string) => void,
  taken: (text: string) => boolean = () => true,
) {
  const [text, setText] = useState(value);
  const told = useRef(value);
  useEffect(() => {
    // Changed from outside: "Clear", the back button.
    if (value !== told.current) setText(value);
    told.current = value;
  }, [value]);
  const tell = (): void => {
    const next = text.trim();
    if (next === told.current || !taken(next)) return;
    told.current = next;
    choose(next);
  };
  const newest = useRef(tell);
  newest.current = tell;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the wait begins again with each key
  useEffect(() => {
    const timer = setTimeout(() => newest.current(), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return {
    value: text,
    onChange: (event: { currentTarget: { value: string } }) => setText(event.currentTarget.value),
    onKeyDown: (event: { key: string }) => event.key === "Enter" && tell(),
  };
}
