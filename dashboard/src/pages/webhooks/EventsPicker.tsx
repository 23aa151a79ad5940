/** Which events an endpoint wants. */

import { Checkbox } from "@mantine/core";
import { EVENT_TYPES, sameEvents, USUAL_EVENTS } from "./eventTypes";
import classes from "./Webhooks.module.css";

interface EventsPickerProps {
  events: string[];
  choose: (events: string[]) => void;
  disabled?: boolean;
}

const ALL = EVENT_TYPES.map((type) => type.name);

export function EventsPicker({ events, choose, disabled = false }: EventsPickerProps) {
  return (
    <fieldset className={classes.events}>
      <legend>Events</legend>
      <div className={classes.eventTools}>
        <span>
          {events.length} of {ALL.length} chosen
        </span>
        <button
          type="button"
          className={classes.plainButton}
          disabled={disabled || sameEvents(events, USUAL_EVENTS)}
          onClick={() => choose(USUAL_EVENTS)}
        >
          The usual six
        </button>
        <button
          type="button"
          className={classes.plainButton}
          disabled={disabled || events.length === ALL.length}
          onClick={() => choose(ALL)}
        >
          All
        </button>
      </div>
      <div className={classes.eventGrid}>
        {EVENT_TYPES.map((type) => (
          <Checkbox
            key={type.name}
            label={<code>{type.name}</code>}
            description={type.says}
            checked={events.includes(type.name)}
            disabled={disabled}
            onChange={(event) =>
              choose(
                event.currentTarget.checked
                  ? ALL.filter((name) => name === type.name || events.includes(name))
                  : events.filter((name) => name !== type.name),
              )
            }
          />
        ))}
      </div>
    </fieldset>
  );
}
