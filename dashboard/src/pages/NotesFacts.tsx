/** What the merchant's own programs wrote on an order, a payment or a refund. Shown as text, whatever it is. */

import type { Notes } from "../api/shapes";
import { Fact, Facts, Panel } from "../ui";

export function NotesFacts({ notes }: { notes: Notes }) {
  const entries = Object.entries(notes);
  if (entries.length === 0) return null;
  return (
    <Panel title="Notes">
      <Facts>
        {entries.map(([name, value]) => (
          <Fact key={name} name={name}>
            {typeof value === "object" ? JSON.stringify(value) : String(value)}
          </Fact>
        ))}
      </Facts>
    </Panel>
  );
}
