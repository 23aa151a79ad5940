/** How to integrate. */

import { PageHeader } from "../../ui";

export default function Docs() {
  return <PageHeader title="Docs" />;
}
