/** Every order. */

import { PageHeader } from "../../ui";

export default function Orders() {
  return <PageHeader title="Orders" />;
}
