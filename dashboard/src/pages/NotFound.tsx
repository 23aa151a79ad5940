/** An address that leads nowhere. */

import { IconMapPinQuestion } from "@tabler/icons-react";
import { EmptyState } from "../ui/EmptyState";
import { LinkButton } from "../ui/LinkButton";

export function NotFound() {
  return (
    <main>
      <EmptyState
        icon={<IconMapPinQuestion size={22} />}
        title="There is no such page"
        action={<LinkButton to="/dashboard">Go to the home page</LinkButton>}
      >
        The address may have been cut off. Search with Ctrl K for a payment, an order or a page.
      </EmptyState>
    </main>
  );
}
