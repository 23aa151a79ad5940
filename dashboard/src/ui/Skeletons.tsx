/** What stands where something will, in its size, so that nothing jumps. */

import classes from "./states.module.css";

interface BoneProps {
  width?: number | string;
  height?: number;
}

export function Bone({ width = "100%", height = 14 }: BoneProps) {
  return <span className={classes.bone} style={{ width, height }} aria-hidden />;
}

/** Some lines of text; tells a screen reader once that they load. */
export function Bones({ lines = 3, what }: { lines?: number; what: string }) {
  const widths = ["92%", "78%", "85%", "60%", "88%", "70%"];
  return (
    <div className={classes.bones}>
      <span className="unseen">Loading {what}</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of a skeleton have nothing else
        <Bone key={line} width={widths[line % widths.length] ?? "80%"} />
      ))}
    </div>
  );
}
