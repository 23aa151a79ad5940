/** A status in words, with a mark of its own shape: colour never says it alone. */

import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconCheck,
  IconCircleDashed,
  IconClock,
  IconLock,
  IconMinus,
  IconPlayerPause,
  IconQuestionMark,
  IconX,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { named } from "./named";
import classes from "./StatusBadge.module.css";

type Tone = "good" | "bad" | "wait" | "calm" | "info";
type Mark = ComponentType<{ size?: number; stroke?: number; "aria-hidden"?: boolean }>;

const LOOKS: Record<string, [Tone, Mark, string?]> = {
  pending: ["wait", IconClock],
  created: ["calm", IconCircleDashed],
  attempted: ["wait", IconClock],
  processing: ["wait", IconClock],
  requires_action: ["info", IconClock, "waits for customer"],
  outcome_unknown: ["bad", IconQuestionMark],
  authorized: ["info", IconLock],
  success: ["good", IconCheck],
  succeeded: ["good", IconCheck],
  paid: ["good", IconCheck],
  processed: ["good", IconCheck],
  captured: ["good", IconCheck],
  partially_captured: ["good", IconCheck],
  delivered: ["good", IconCheck],
  active: ["good", IconCheck],
  running: ["good", IconCheck],
  failed: ["bad", IconX],
  dead: ["bad", IconX],
  stopped: ["bad", IconX],
  failing: ["bad", IconAlertTriangle],
  refunded: ["calm", IconArrowBackUp],
  partially_refunded: ["calm", IconArrowBackUp],
  voided: ["calm", IconMinus],
  expired: ["calm", IconMinus],
  authorization_expired: ["calm", IconMinus],
  cancelled: ["calm", IconMinus],
  disabled: ["calm", IconPlayerPause],
};

interface StatusBadgeProps {
  /** The wire's word; one that is not known is shown as it is. */
  status: string;
  label?: string;
  /** What the status alone does not say. */
  more?: string | undefined;
  tone?: Tone;
  testId?: string;
}

export function StatusBadge({ status, label, more, tone, testId }: StatusBadgeProps) {
  const [usual, Icon, said] = LOOKS[status] ?? (["calm", IconCircleDashed] as const);
  const words = status.replace(/_/g, " ");
  return (
    <span className={classes.badge} data-tone={tone ?? usual}>
      <Icon size={13} stroke={2.4} aria-hidden />
      <span className={classes.words}>
        <span data-status={status} {...(testId ? named(testId) : undefined)}>
          {label ?? said ?? words}
        </span>
        {more && `, ${more}`}
      </span>
    </span>
  );
}
