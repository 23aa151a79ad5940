/** Where events go, and what became of each of them. */

import { Button } from "@mantine/core";
import { IconStethoscope } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { PageHeader } from "../../ui";
import { Deliveries } from "./Deliveries";
import { Endpoints } from "./Endpoints";
import { WebhookConfig } from "./WebhookConfig";
import classes from "./Webhooks.module.css";

export default function Webhooks() {
  return (
    <>
      <PageHeader title="Webhooks" description="Your server hears of each payment and refund as it happens.">
        <Button
          component={Link}
          to="/dashboard/webhooks/doctor"
          variant="default"
          leftSection={<IconStethoscope size={17} aria-hidden />}
        >
          Signature doctor
        </Button>
      </PageHeader>
      <div className={classes.stack}>
        <WebhookConfig />
        <Deliveries />
        <Endpoints />
      </div>
    </>
  );
}
