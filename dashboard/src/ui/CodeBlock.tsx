/** Code or JSON as it is, to read and to copy; in several languages behind tabs. Always text, never markup. */

import { type CSSProperties, type KeyboardEvent, type ReactNode, useId, useState } from "react";
import classes from "./CodeBlock.module.css";
import { CopyButton } from "./CopyButton";

export interface Code {
  name: string;
  text: string;
}

interface CodeBlockProps {
  /** What it is: "request body". */
  what: string;
  codes: Code[];
  /** Lines are broken rather than scrolled. */
  wrap?: boolean;
  height?: number;
  chosen?: string;
  choose?: (name: string) => void;
  testId?: Record<string, string>;
}

const PARTS =
  /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|((?<![\w:"'/])\/\/[^\n]*|(?<![\w"'&$])#[^\n]*|<!--[\s\S]*?-->)|\b(import|from|const|let|function|return|if|not|in|def|await|async|new|as|export|raise|throw|require|true|false|null|None|True|False|curl|with|for)\b|(?<![\w.#])(-?\d[\d_.]*)(?![\w])/g;
const MARKS = ["string", "comment", "word", "number"] as const;
const MARKED_CHARACTERS_MAX = 40_000; // beyond, it is shown plain: nobody reads colours that far

function marked(text: string): ReactNode[] {
  if (text.length > MARKED_CHARACTERS_MAX) return [text];
  const parts: ReactNode[] = [];
  let at = 0;
  for (const found of text.matchAll(PARTS)) {
    const place = MARKS.findIndex((_, index) => found[index + 1] !== undefined);
    const mark = MARKS[place];
    if (mark === undefined) continue;
    parts.push(text.slice(at, found.index));
    parts.push(
      <span key={found.index} className={classes[mark]}>
        {found[0]}
      </span>,
    );
    at = found.index + found[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}

export function CodeBlock({ what, codes, wrap = false, height, chosen, choose, testId }: CodeBlockProps) {
  const id = useId();
  const [own, setOwn] = useState(codes[0]?.name);
  const name = codes.some((code) => code.name === (chosen ?? own)) ? (chosen ?? own) : codes[0]?.name;
  const shown = codes.find((code) => code.name === name);
  const pick = (next: string): void => {
    setOwn(next);
    choose?.(next);
  };
  const move = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const place = codes.findIndex((code) => code.name === name);
    const next = codes[(place + step + codes.length) % codes.length];
    if (!next) return;
    event.preventDefault();
    pick(next.name);
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next.name}"]`)?.focus();
  };
  if (!shown) return null;
  const tabs = codes.length > 1;
  return (
    <div
      className={classes.block}
      {...testId}
      {...(height ? { style: { "--code-height": `${height}px` } as CSSProperties } : {})}
    >
      <div className={classes.bar}>
        {tabs ? (
          <div role="tablist" aria-label={`Language of ${what}`} onKeyDown={move}>
            {codes.map((code) => (
              <button
                key={code.name}
                type="button"
                role="tab"
                id={`${id}-${code.name}`}
                data-tab={code.name}
                aria-selected={code.name === name}
                aria-controls={`${id}-code`}
                tabIndex={code.name === name ? 0 : -1}
                className={classes.tab}
                onClick={() => pick(code.name)}
              >
                {code.name}
              </button>
            ))}
          </div>
        ) : (
          <span>{shown.name}</span>
        )}
        <CopyButton text={shown.text} what={what} />
      </div>
      <pre
        className={classes.code}
        data-wrap={wrap || undefined}
        tabIndex={0}
        id={`${id}-code`}
        role={tabs ? "tabpanel" : "region"}
        {...(tabs ? { "aria-labelledby": `${id}-${shown.name}` } : { "aria-label": what })}
      >
        <code>{marked(shown.text)}</code>
      </pre>
    </div>
  );
}
