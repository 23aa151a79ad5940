/** The API's reference, made from its own OpenAPI document. Loaded when it is looked at. */

import { TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { get } from "../../api/queries";
import { Bones, CodeBlock, ErrorState } from "../../ui";
import classes from "./Docs.module.css";
import { type Document, exampleOf, type Field, fieldsOf, groups, type Listed } from "./openapi";

const openapiQuery = queryOptions({
  queryKey: ["openapi"],
  queryFn: ({ signal }) => get<Document>("/openapi.json", {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

function Fields({ fields }: { fields: Field[] }) {
  return (
    <ul className={classes.fields}>
      {fields.map((field) => (
        <li key={field.name}>
          <div className={classes.field}>
            <code>{field.name}</code>
            <span className={classes.type}>{field.type}</span>
            {field.required && <span className={classes.required}>required</span>}
          </div>
          {field.says && <p className={classes.says}>{field.says}</p>}
          {field.inner.length > 0 && <Fields fields={field.inner} />}
        </li>
      ))}
    </ul>
  );
}

function OperationDetails({ document, listed }: { document: Document; listed: Listed }) {
  const { operation } = listed;
  const asked = operation.requestBody?.content?.["application/json"];
  const [status, good] =
    Object.entries(operation.responses ?? {}).find(([code]) => code.startsWith("2")) ?? (["200", undefined] as const);
  const answered = good?.content?.["application/json"];
  const refusals = Object.entries(operation.responses ?? {}).filter(([code]) => !code.startsWith("2"));
  const parameters: Field[] = (operation.parameters ?? []).map((parameter) => ({
    name: parameter.name,
    type: parameter.in,
    required: parameter.required ?? false,
    says: parameter.description ?? "",
    inner: [],
  }));
  const request = exampleOf(asked);
  const response = exampleOf(answered);
  const fields = asked?.schema ? fieldsOf(document, asked.schema) : [];
  const shown = answered?.schema ? fieldsOf(document, answered.schema) : [];
  return (
    <div className={classes.details}>
      {operation.description && <p className={classes.says}>{operation.description}</p>}
      {parameters.length > 0 && (
        <>
          <h4>Parameters</h4>
          <Fields fields={parameters} />
        </>
      )}
      {fields.length > 0 && (
        <>
          <h4>Request body</h4>
          <Fields fields={fields} />
        </>
      )}
      {request !== undefined && (
        <CodeBlock
          what="example request"
          codes={[{ name: "Example request", text: JSON.stringify(request, null, 2) }]}
          height={260}
          wrap
        />
      )}
      {shown.length > 0 && (
        <>
          <h4>Answer, {status}</h4>
          <Fields fields={shown} />
        </>
      )}
      {response !== undefined && (
        <CodeBlock
          what="example answer"
          codes={[{ name: "Example answer", text: JSON.stringify(response, null, 2) }]}
          height={260}
          wrap
        />
      )}
      {refusals.length > 0 && (
        <p className={classes.says}>
          Otherwise: {refusals.map(([code, refusal]) => `${code} ${refusal.description ?? ""}`.trim()).join(", ")}
        </p>
      )}
    </div>
  );
}

/** Its details are only made once it is open: the whole document at once would be thousands of lines. */
function OperationRow({ document, listed }: { document: Document; listed: Listed }) {
  const [open, setOpen] = useState(false);
  return (
    <details className={classes.operation} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className={classes.method} data-method={listed.method}>
          {listed.method.toUpperCase()}
        </span>
        <code>{listed.path}</code>
        <span className={classes.summary}>{listed.operation.summary}</span>
      </summary>
      {open && <OperationDetails document={document} listed={listed} />}
    </details>
  );
}

export default function Reference() {
  const { data: document, error, refetch } = useQuery(openapiQuery);
  const [words, setWords] = useState("");
  const wanted = useDeferredValue(words);
  if (!document) {
    return error ? (
      <ErrorState error={error} what="the reference" retry={() => void refetch()} />
    ) : (
      <Bones lines={8} what="the reference" />
    );
  }
  const found = groups(document, wanted);
  return (
    <>
      <TextInput
        className={classes.search ?? ""}
        aria-label="Search the reference"
        placeholder="Search: refund, POST webhooks…"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      {found.length === 0 && <p className="muted">Nothing is called that.</p>}
      {found.map((group) => (
        <section key={group.name} className={classes.group} aria-label={group.name}>
          <h3>{group.name}</h3>
          <p>{group.description}</p>
          <div className={classes.operations}>
            {group.listed.map((listed) => (
              <OperationRow key={`${listed.method} ${listed.path}`} document={document} listed={listed} />
            ))}
          </div>
        </section>
      ))}
    </>
  );
}
