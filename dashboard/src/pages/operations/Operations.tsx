/** Queues, workers and schedules. */

import { PageHeader } from "../../ui";

export default function Operations() {
  return <PageHeader title="Operations" />;
}
