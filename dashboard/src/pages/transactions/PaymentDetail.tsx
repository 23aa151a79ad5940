/** One payment. */

import { PageHeader } from "../../ui";

export default function PaymentDetail() {
  return <PageHeader title="Payment" />;
}
