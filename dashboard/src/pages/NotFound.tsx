/** An address that leads nowhere. */

import { Button } from "@mantine/core";
import { IconMapPinQuestion } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { EmptyState } from "../ui/EmptyState";

export function NotFound() {
  return (
    <main>
      <EmptyState
        icon={<IconMapPinQuestion size={22} />}
        title="There is no such page"
        action={
          <Button component={Link} to="/dashboard">
            Go to the home page
          </Button>
        }
      >
        The address may have been cut off. Search with Ctrl K for a payment, an order or a page.
      </EmptyState>
    </main>
  );
}
