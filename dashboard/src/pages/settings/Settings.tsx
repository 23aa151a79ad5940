/** The merchant and the person. */

import { PageHeader } from "../../ui";

export default function Settings() {
  return <PageHeader title="Settings" />;
}
