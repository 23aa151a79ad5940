/** What the merchant's own programs sign in with. The secret is not here: nobody has it but who was shown it. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { merchantQuery } from "../../api/queries";
import { Bone, ErrorState, Fact, Facts, IdText, named, Panel } from "../../ui";

export function Credentials() {
  const { data, error, refetch } = useQuery(merchantQuery);
  return (
    <Panel
      title="API credentials"
      description="Your server sends both with each request; a browser may know the key alone."
      testId={named("api-credentials")}
    >
      {error && !data ? (
        <ErrorState error={error} what="the key" retry={() => void refetch()} />
      ) : (
        <Facts>
          <Fact name="API key">
            {data ? <IdText id={data.api_key} what="API key" testId="api-key" /> : <Bone width={180} />}
          </Fact>
          <Fact name="API secret">
            <code aria-label="hidden" role="img" {...named("api-secret")}>
              ••••••••••••••••
            </code>
            <p className="muted">
              It was shown once, when the key was made, and is kept only as a fingerprint since. Lost it?{" "}
              <Link to="/dashboard/developers">Roll the key</Link> to get another pair.
            </p>
          </Fact>
        </Facts>
      )}
    </Panel>
  );
}
