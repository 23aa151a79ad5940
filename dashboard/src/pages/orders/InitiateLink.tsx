/** To where a payment is initiated, for those who may. */

import { useRefusal } from "../../api/session";
import { GuardedButton, LinkButton } from "../../ui";

export function InitiateLink() {
  const refusal = useRefusal("support");
  if (refusal !== null) {
    return (
      <GuardedButton refusal={refusal} onClick={() => {}}>
        Initiate payment
      </GuardedButton>
    );
  }
  return (
    <LinkButton to="/dashboard/orders" search={{ new: "1" }}>
      Initiate payment
    </LinkButton>
  );
}
