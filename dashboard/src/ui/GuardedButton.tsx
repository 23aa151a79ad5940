/** A button that may be refused: it stays in its place, can be reached, and says why. */

import { Button, type ButtonProps, Tooltip } from "@mantine/core";
import type { MouseEventHandler, ReactNode } from "react";

interface GuardedButtonProps extends ButtonProps {
  /** Why it does nothing; null when it does. */
  refusal: string | null;
  onClick: MouseEventHandler<HTMLButtonElement>;
  children: ReactNode;
}

export function GuardedButton({ refusal, onClick, ...rest }: GuardedButtonProps) {
  if (refusal === null) return <Button {...rest} onClick={onClick} />;
  return (
    <Tooltip label={refusal} multiline w={260}>
      <Button {...rest} data-disabled aria-disabled onClick={(event) => event.preventDefault()} />
    </Tooltip>
  );
}
