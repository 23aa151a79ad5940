/** Parts of a whole, each as a bar: the number is beside it, the bar only helps the eye. */

import classes from "./Bars.module.css";

export interface Bar {
  key: string;
  name: string;
  /** 0..1 */
  part: number;
  said: string;
  more?: string;
}

export function Bars({ bars, none, tone = "good" }: { bars: Bar[]; none: string; tone?: "good" | "bad" }) {
  if (bars.length === 0) return <p className="muted">{none}</p>;
  return (
    <ul className={classes.bars}>
      {bars.map((bar) => (
        <li key={bar.key}>
          <div className={classes.line}>
            <span>{bar.name}</span>
            <span className={classes.said}>
              {bar.more && <span className={classes.more}>{bar.more}</span>}
              <strong className="number">{bar.said}</strong>
            </span>
          </div>
          <div className={classes.track} aria-hidden>
            <div className={classes.part} data-tone={tone} style={{ width: `${Math.max(bar.part * 100, 1)}%` }} />
          </div>
        </li>
      ))}
    </ul>
  );
}
