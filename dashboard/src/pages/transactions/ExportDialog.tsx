/** Takes the list home as CSV: page after page, with how far it is, and a way to stop. */

import { Button, Progress } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { call, type Params, send } from "../../api/client";
import type { Page, Payment } from "../../api/shapes";
import { adviceFor, Callout, Dialog, formatCount } from "../../ui";
import dialogs from "../../ui/dialogs.module.css";
import { CsvPages } from "./csv";

type Step =
  | { at: "asking" }
  | { at: "reading"; rows: number }
  | { at: "done"; rows: number }
  | { at: "failed"; error: unknown };

function save(parts: string[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `payments-${new Date().toISOString().slice(0, 10)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

async function read(params: Params, signal: AbortSignal, told: (rows: number) => void): Promise<CsvPages> {
  const csv = new CsvPages();
  let cursor: string | null = null;
  do {
    const response: Response = await send("/api/v1/payments/export", {
      params: { ...params, format: "csv", cursor },
      headers: { Accept: "text/csv" },
      signal,
    });
    csv.add(await response.text());
    told(csv.rows);
    cursor = response.headers.get("X-Next-Cursor");
  } while (cursor !== null && cursor !== "");
  return csv;
}

export default function ExportDialog({ params, onClose }: { params: Params; onClose: () => void }) {
  const [total, setTotal] = useState<number | null>(null);
  const [step, setStep] = useState<Step>({ at: "asking" });
  const stop = useRef(new AbortController());

  useEffect(() => {
    const counting = new AbortController();
    call<Page<Payment>>("/api/v1/payments", { params: { ...params, limit: 1, offset: 0 }, signal: counting.signal })
      .then((page) => setTotal(page.total ?? null))
      .catch(() => {}); // Only the bar's end is unknown then.
    return () => counting.abort();
  }, [params]);
  useEffect(() => () => stop.current.abort(), []);

  const start = async (): Promise<void> => {
    stop.current = new AbortController();
    setStep({ at: "reading", rows: 0 });
    try {
      const csv = await read(params, stop.current.signal, (rows) => setStep({ at: "reading", rows }));
      save(csv.file);
      setStep({ at: "done", rows: csv.rows });
    } catch (error) {
      if (!stop.current.signal.aborted) setStep({ at: "failed", error });
    }
  };

  const rows = step.at === "reading" || step.at === "done" ? step.rows : 0;
  const of = total ?? 0;
  return (
    <Dialog onClose={onClose} title="Export as CSV">
      <div className={dialogs.body}>
        {step.at === "asking" && (
          <div>
            {total === null ? "All payments" : total === 1 ? "The one payment" : `All ${formatCount(total)} payments`}{" "}
            of the list as it is filtered now. Amounts are in minor units. Values that a spreadsheet could take for a
            formula are made harmless.
          </div>
        )}
        {(step.at === "reading" || step.at === "done") && (
          <div>
            <Progress
              value={step.at === "done" ? 100 : of > 0 ? Math.min((rows / of) * 100, 99) : 100}
              animated={step.at === "reading"}
              aria-label="Export"
              size="lg"
            />
            <p className="muted" role="status">
              {step.at === "done"
                ? `${formatCount(rows)} payments are in the file.`
                : `${formatCount(rows)}${total === null ? "" : ` of ${formatCount(total)}`} payments`}
            </p>
          </div>
        )}
        {step.at === "failed" && (
          <Callout tone="bad" role="alert">
            {adviceFor(step.error)}
          </Callout>
        )}
        <div className={dialogs.actions}>
          <Button variant="default" onClick={onClose}>
            {step.at === "done" ? "Close" : "Cancel"}
          </Button>
          {(step.at === "asking" || step.at === "failed") && (
            <Button onClick={() => void start()} disabled={total === 0} data-autofocus>
              Export
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
