/** An address that leads nowhere: below the menu, and outside of the dashboard. */

import { IconMapPinQuestion } from "@tabler/icons-react";
import { EmptyState } from "../ui/EmptyState";
import { LinkButton } from "../ui/LinkButton";
import { PageHeader } from "../ui/PageHeader";
import { Panel } from "../ui/Panel";

export function NotFound() {
  return (
    <>
      <PageHeader title="There is no such page" />
      <Panel>
        <EmptyState
          icon={<IconMapPinQuestion size={22} />}
          title="Nothing is at this address"
          action={<LinkButton to="/dashboard">Go to the home page</LinkButton>}
        >
          It may have been cut off. Search with Ctrl K for a payment, an order or a page.
        </EmptyState>
      </Panel>
    </>
  );
}

export function Lost() {
  return (
    <main>
      <h1 className="unseen">There is no such page</h1>
      <EmptyState
        icon={<IconMapPinQuestion size={22} />}
        title="There is no such page"
        action={<LinkButton to="/dashboard">Go to the dashboard</LinkButton>}
      >
        The address may have been cut off.
      </EmptyState>
    </main>
  );
}
