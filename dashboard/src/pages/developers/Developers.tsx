/** Keys, requests, events. */

import { PageHeader } from "../../ui";

export default function Developers() {
  return <PageHeader title="Developers" />;
}
