/** People and what they did. */

import { PageHeader } from "../../ui";

export default function Team() {
  return <PageHeader title="Team" />;
}
