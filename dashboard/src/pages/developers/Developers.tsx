/** What programs of the merchant need and did: keys, calls, events. */

import { Button } from "@mantine/core";
import { IconBook2 } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { PageHeader } from "../../ui";
import classes from "./Developers.module.css";
import { EventDetail } from "./EventDetail";
import { Events } from "./Events";
import { Keys } from "./Keys";
import { Requests } from "./Requests";

const TABS = [
  { path: "/dashboard/developers", name: "API keys", part: "" },
  { path: "/dashboard/developers/requests", name: "Request log", part: "requests" },
  { path: "/dashboard/developers/events", name: "Events", part: "events" },
];

const EXACTLY = { exact: true, includeSearch: false }; // "API keys" is where the others begin

export default function Developers() {
  const { _splat: rest = "" } = useParams({ strict: false });
  const [part = "", id] = rest.split("/");
  if (part === "events" && id) return <EventDetail id={id} />;
  const current = TABS.find((tab) => tab.part === part) ?? TABS[0];
  return (
    <>
      <PageHeader title="Developers">
        <Button
          component={Link}
          to="/dashboard/docs"
          variant="default"
          leftSection={<IconBook2 size={17} aria-hidden />}
        >
          Documentation
        </Button>
      </PageHeader>
      <nav className={classes.tabs} aria-label="Developers">
        {TABS.map((tab) => (
          <Link key={tab.path} to={tab.path as string} activeOptions={EXACTLY}>
            {tab.name}
          </Link>
        ))}
      </nav>
      {current?.part === "requests" ? <Requests /> : current?.part === "events" ? <Events /> : <Keys />}
    </>
  );
}
