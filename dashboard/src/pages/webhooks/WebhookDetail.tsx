/** One delivery. */

import { PageHeader } from "../../ui";

export default function WebhookDetail() {
  return <PageHeader title="Webhook" />;
}
