/** The API's reference: Swagger UI renders our own OpenAPI document, in our colours. Loaded when it is looked at. */

import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { queryOptions, useQuery } from "@tanstack/react-query";
import type { ComponentType, ReactNode } from "react";
import SwaggerUI from "swagger-ui-react";
import { get } from "../../api/queries";
import { Bones, CopyButton, ErrorState } from "../../ui";
import classes from "./Docs.module.css";
import "./Reference.css";
import { resolved } from "./resolve";
import { type Tagged, withWords } from "./search";

const openapiQuery = queryOptions({
  queryKey: ["openapi"],
  queryFn: ({ signal }) => get<object>("/openapi.json", {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

// What Swagger UI gives to its parts, as far as ours use it.
interface Given {
  getComponent: (name: string, connected?: boolean) => ComponentType;
  layoutSelectors: { currentFilter: () => string | boolean };
  layoutActions: { updateFilter: (words: string) => void };
  specSelectors: { taggedOperations: () => { size: number } };
}

/** Operations alone: who signs in, where and how, is said above, and nothing is called from here. */
function Layout({ getComponent, layoutSelectors, layoutActions, specSelectors }: Given) {
  const Operations = getComponent("operations", true);
  const Webhooks = getComponent("Webhooks", true);
  const words = layoutSelectors.currentFilter();
  return (
    <>
      <TextInput
        className={classes.search ?? ""}
        aria-label="Search the reference"
        placeholder="Search: refund, POST webhooks…"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={typeof words === "string" ? words : ""}
        onChange={(event) => layoutActions.updateFilter(event.currentTarget.value)}
      />
      {specSelectors.taggedOperations().size === 0 && <p className="muted">Nothing is called that.</p>}
      <div className="swagger-ui">
        {specSelectors.taggedOperations().size > 0 && <Operations />}
        {!words && <Webhooks />}
      </div>
    </>
  );
}

interface GroupGiven {
  tag: string;
  tagObj: { getIn: (path: string[]) => string | undefined };
  children?: ReactNode;
}

function Group({ tag, tagObj, children }: GroupGiven) {
  return (
    <section className="reference-group">
      <h3>{tag}</h3>
      <p>{tagObj.getIn(["tagDetails", "description"])}</p>
      {children}
    </section>
  );
}

function Example({ children }: { children?: string }) {
  return (
    <div className="reference-example">
      <CopyButton text={children ?? ""} what="example" />
      <pre>
        <code>{children}</code>
      </pre>
    </div>
  );
}

const Named = (Choice: ComponentType<{ showLabels: boolean }>) => (given: object) => (
  // biome-ignore lint/a11y/noLabelWithoutControl: the control is in the choice
  <label className="reference-choice">
    Example <Choice {...given} showLabels={false} />
  </label>
);

const Nothing = (): null => null;

interface AnswersGiven {
  getComponent: (name: string) => ComponentType<Record<string, unknown>>;
  responses: { entrySeq: () => { toArray: () => [string, unknown][] } };
  specPath: { push: (step: string) => unknown };
}

function Answers({ responses, specPath, ...given }: AnswersGiven) {
  const Response = given.getComponent("response");
  return (
    <>
      <div className="opblock-section-header">
        <h4>Answers</h4>
      </div>
      <table className="responses-table">
        <thead>
          <tr>
            <th scope="col">Status</th>
            <th scope="col">Body</th>
          </tr>
        </thead>
        <tbody>
          {responses
            .entrySeq()
            .toArray()
            .map(([code, response]) => (
              <Response key={code} {...given} code={code} response={response} specPath={specPath.push(code)} />
            ))}
        </tbody>
      </table>
    </>
  );
}

type Cells = { code: string; response: { get: (key: "description") => string } };

/** What is answered when all is well is shown in full. Errors have one form, which the page has shown above. */
const Answer = (Full: ComponentType<Cells>) => (given: Cells) =>
  given.code.startsWith("2") ? (
    <Full {...given} />
  ) : (
    <tr className="response">
      <td className="response-col_status">{given.code}</td>
      <td className="response-col_description">{given.response.get("description")}</td>
    </tr>
  );

interface System {
  specActions: { updateResolvedSubtree: (path: string[], value: unknown) => void };
}

const plugin = (document: object) => ({
  // Its own resolver reads the whole document again for each operation that is opened, which takes seconds.
  statePlugins: {
    spec: {
      wrapActions: {
        requestResolvedSubtree:
          (_: unknown, { specActions }: System) =>
          (path: string[]) =>
            specActions.updateResolvedSubtree(path, resolved(document, path)),
      },
    },
  },
  wrapComponents: { response: Answer, ExamplesSelect: Named },
  fn: { opsFilter: (groups: Tagged, words: string) => withWords(groups, words) },
  components: {
    ReferenceLayout: Layout,
    OperationTag: Group,
    HighlightCode: Example,
    responses: Answers,
    // There is nothing to enter, and all of a schema is open as it is.
    JsonSchemaForm: Nothing,
    JSONSchema202012ExpandDeepButton: Nothing,
    authorizeOperationBtn: Nothing,
    CopyToClipboardBtn: Nothing,
  },
});

export default function Reference() {
  const { data: document, error, refetch } = useQuery(openapiQuery);
  if (!document) {
    return error ? (
      <ErrorState error={error} what="the reference" retry={() => void refetch()} />
    ) : (
      <Bones lines={8} what="the reference" />
    );
  }
  return (
    <SwaggerUI
      spec={document}
      layout="ReferenceLayout"
      plugins={[plugin(document)]}
      filter=""
      docExpansion="list"
      defaultModelExpandDepth={2}
      supportedSubmitMethods={[]}
    />
  );
}
