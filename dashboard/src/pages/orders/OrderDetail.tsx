/** One order. */

import { PageHeader } from "../../ui";

export default function OrderDetail() {
  return <PageHeader title="Order" />;
}
