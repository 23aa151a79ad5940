/** What needs a person. Nothing is shown when nothing does. */

import { Button } from "@mantine/core";
import { IconAlertTriangle, IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { attentionQuery } from "../../api/queries";
import type { Attention } from "../../api/shapes";
import { adviceFor, Callout, formatCount, named } from "../../ui";
import classes from "./AttentionList.module.css";

interface Matter {
  key: string;
  said: string;
  advice: string;
  to: string;
  search?: Record<string, string>;
}

function plural(count: number, one: string, many: string): string {
  return count === 1 ? one : `${formatCount(count)} ${many}`;
}

function matters(attention: Attention): Matter[] {
  const found: Matter[] = attention.failing_endpoints.map((endpoint) => ({
    key: endpoint.id,
    said: endpoint.disabled_at ? "A webhook endpoint was switched off" : "A webhook endpoint keeps failing",
    advice: endpoint.url ?? "See its deliveries",
    to: "/dashboard/webhooks",
  }));
  if (attention.failed_webhooks > 0) {
    found.push({
      key: "webhooks",
      said: plural(attention.failed_webhooks, "One webhook was never delivered", "webhooks were never delivered"),
      advice: "Look at the answers and send them again",
      to: "/dashboard/webhooks",
      search: { status: "failed" },
    });
  }
  if (attention.unknown_outcomes > 0) {
    found.push({
      key: "unknown",
      said: plural(
        attention.unknown_outcomes,
        "The outcome of one payment is unknown",
        "payments have an unknown outcome",
      ),
      advice: "The bank is asked again by itself; do not ship yet",
      to: "/dashboard/transactions",
      search: { state: "outcome_unknown" },
    });
  }
  if (attention.dead_jobs) {
    found.push({
      key: "jobs",
      said: plural(attention.dead_jobs, "One job gave up", "jobs gave up"),
      advice: "Look at why, and run again",
      to: "/dashboard/operations",
    });
  }
  return found;
}

export function AttentionList() {
  const { data, error, refetch } = useQuery(attentionQuery);
  if (error && !data) {
    return (
      <Callout tone="bad" role="alert" title="Whether something needs attention is not known">
        <p className={classes.failed}>{adviceFor(error)}</p>
        <Button size="xs" variant="default" onClick={() => void refetch()}>
          Try again
        </Button>
      </Callout>
    );
  }
  const found = data ? matters(data) : [];
  if (found.length === 0) return null;
  return (
    <section className={classes.panel} aria-labelledby="attention" {...named("attention")}>
      <h2 id="attention" className={classes.title}>
        Needs attention
      </h2>
      <ul className={classes.list}>
        {found.map((matter) => (
          <li key={matter.key}>
            <Link to={matter.to} {...(matter.search ? { search: matter.search } : {})} className={classes.matter}>
              <IconAlertTriangle size={17} aria-hidden />
              <span className={classes.words}>
                <span className={classes.said}>{matter.said}</span>
                <span className={classes.advice}>{matter.advice}</span>
              </span>
              <IconChevronRight size={16} aria-hidden />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
