/** Puts the secret of the merchant's webhooks into the code that needs it, for a while. */

import { IconEye, IconEyeOff } from "@tabler/icons-react";
import { useEffect } from "react";
import { useRefusal } from "../../api/session";
import { GuardedButton, NotConfirmed, tellProblem, useSteppedUp } from "../../ui";
import { revealSecret } from "../webhooks/queries";

const SHOWN_MS = 2 * 60_000; // screens are shared

interface OwnSecretProps {
  endpoint: string;
  shown: string | null;
  show: (secret: string | null) => void;
}

export function OwnSecret({ endpoint, shown, show }: OwnSecretProps) {
  const refusal = useRefusal("developer");
  const steppedUp = useSteppedUp();

  useEffect(() => {
    if (shown === null) return;
    const timer = setTimeout(() => show(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown, show]);

  const reveal = async (): Promise<void> => {
    try {
      show((await steppedUp(() => revealSecret(endpoint))).secret);
    } catch (error) {
      if (!(error instanceof NotConfirmed)) tellProblem(error);
    }
  };

  return (
    <GuardedButton
      variant="default"
      leftSection={shown === null ? <IconEye size={17} aria-hidden /> : <IconEyeOff size={17} aria-hidden />}
      refusal={refusal}
      onClick={() => (shown === null ? void reveal() : show(null))}
    >
      {shown === null ? "Put my secret in" : "Hide my secret"}
    </GuardedButton>
  );
}
