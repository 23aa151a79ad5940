/** Takes the list home as CSV: page after page, with how far it is, and a way to stop. */

import { Button, Progress } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { call, type Params } from "../../api/client";
import type { Page, Payment } from "../../api/shapes";
import { adviceFor, Callout, Dialog, formatCount } from "../../ui";
import dialogs from "../../ui/dialogs.module.css";
import { CsvExport, pagesOf } from "./csv";

const SAVED_MS = 60_000; // a big file takes its time to be written

type Step =
  | { at: "asking" }
  | { at: "reading"; rows: number }
  | { at: "done"; rows: number }
  | { at: "failed"; rows: number; error: unknown };

function save(file: Blob): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = `payments-${new Date().toISOString().slice(0, 10)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), SAVED_MS);
}

export default function ExportDialog({ params, onClose }: { params: Params; onClose: () => void }) {
  const [total, setTotal] = useState<number | null>(null);
  const [step, setStep] = useState<Step>({ at: "asking" });
  const stop = useRef(new AbortController());
  // The list as it was when the dialog opened: its dates move on while it is read.
  const [csv] = useState(() => new CsvExport(pagesOf(params)));

  useEffect(() => {
    const counting = new AbortController();
    call<Page<Payment>>("/api/v1/payments", { params: { ...params, limit: 1, offset: 0 }, signal: counting.signal })
      .then((page) => setTotal(page.total ?? null))
      .catch(() => {}); // Only the bar's end is unknown then.
    return () => counting.abort();
  }, [params]);
  useEffect(() => {
    stop.current = new AbortController();
    return () => stop.current.abort();
  }, []);

  const start = async (): Promise<void> => {
    const reading = stop.current;
    setStep({ at: "reading", rows: csv.rows });
    try {
      await csv.read(reading.signal, (rows) => setStep({ at: "reading", rows }));
      save(csv.file);
      setStep({ at: "done", rows: csv.rows });
    } catch (error) {
      if (!reading.signal.aborted) setStep({ at: "failed", rows: csv.rows, error });
    }
  };

  const rows = step.at === "asking" ? 0 : step.rows;
  const begun = rows > 0;
  return (
    <Dialog onClose={onClose} title="Export as CSV" busy={step.at === "reading"}>
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
            {(total !== null || step.at === "done") && (
              <Progress
                value={step.at === "done" ? 100 : total ? Math.min((rows / total) * 100, 99) : 0}
                aria-label="Export"
                size="lg"
              />
            )}
            <p className="muted" role="status">
              {step.at === "done"
                ? `${formatCount(rows)} payments are in the file.`
                : `${formatCount(rows)}${total === null ? "" : ` of ${formatCount(total)}`} payments are read`}
            </p>
          </div>
        )}
        {step.at === "failed" && (
          <Callout tone="bad" role="alert">
            {adviceFor(step.error)}
            {begun && ` ${formatCount(rows)} payments are read and kept until you close this.`}
          </Callout>
        )}
        <div className={dialogs.actions}>
          <Button variant="default" onClick={onClose}>
            {step.at === "done" ? "Close" : "Cancel"}
          </Button>
          {(step.at === "asking" || step.at === "failed") && (
            <Button onClick={() => void start()} disabled={total === 0} data-autofocus>
              {begun ? "Go on" : "Export"}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}
