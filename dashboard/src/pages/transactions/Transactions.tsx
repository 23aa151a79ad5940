/** Every payment. */

import { PageHeader } from "../../ui";

export default function Transactions() {
  return <PageHeader title="Transactions" />;
}
