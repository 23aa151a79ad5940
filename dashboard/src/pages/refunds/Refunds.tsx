/** Every refund. */

import { PageHeader } from "../../ui";

export default function Refunds() {
  return <PageHeader title="Refunds" />;
}
