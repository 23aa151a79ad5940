/** Signing in. */

import { PageHeader } from "../../ui";

export default function Login() {
  return <PageHeader title="Sign in" />;
}
