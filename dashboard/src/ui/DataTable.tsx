/**
 * A list as a table: rows that open with a click, j/k and Enter; a card for each row where the screen is narrow.
 *
 * The first column's cell is the row's link when `open` is given, so that a row opens in a new tab as any link does.
 */

import { Link } from "@tanstack/react-router";
import { type ReactNode, useRef } from "react";
import { ApiError } from "../api/client";
import classes from "./DataTable.module.css";
import { ErrorState } from "./ErrorState";
import { useShortcuts } from "./keys";
import { useNewest } from "./Pager";
import { Bone } from "./Skeletons";

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  align?: "end";
  /** Where the cell stands in a narrow screen's card: lines 1–3, whole or at its start or end. Left out: not shown there. */
  narrow?: "1s" | "1e" | "2" | "2s" | "2e" | "3" | "3s" | "3e";
  /** Left out between narrow and wide screens. */
  wideOnly?: boolean;
}

interface DataTableProps<T> {
  caption: string;
  columns: Column<T>[];
  rows: T[] | undefined;
  rowKey: (row: T) => string;
  open?: (row: T) => string;
  error?: unknown;
  retry?: () => void;
  /** Shown when there are no rows. */
  empty: ReactNode;
  /** The rows are those of the page before, while others load. */
  stale?: boolean;
  rowProps?: (row: T) => Record<string, string>;
  tableProps?: Record<string, string>;
  skeletonRows?: number;
  /** Rows of this list are moved through with j and k. One list on a page at most. */
  keyboard?: boolean;
}

export function DataTable<T>(props: DataTableProps<T>) {
  const { caption, columns, rows, rowKey, open, error, retry, empty, stale, rowProps, tableProps } = props;
  const body = useRef<HTMLTableSectionElement>(null);

  const move = (step: 1 | -1): void => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>("[data-row-link]") ?? [])];
    const place = links.indexOf(document.activeElement as HTMLElement);
    const next = place === -1 ? (step === 1 ? 0 : links.length - 1) : place + step;
    links[next]?.focus();
    links[next]?.scrollIntoView({ block: "nearest" });
  };
  const moves = props.keyboard ?? false;
  useShortcuts(
    moves
      ? [
          { keys: "j", does: "Next row", group: "Lists", run: () => move(1) },
          { keys: "k", does: "Previous row", group: "Lists", run: () => move(-1) },
        ]
      : [],
  );

  const toNewest = useNewest();
  if (error && !rows) {
    // The row one came from is gone, or was never in this list: asking again would change nothing.
    const lost = error instanceof ApiError && error.reason === "unknown_cursor";
    const way = lost ? { retry: toNewest, verb: "Back to the newest" } : retry ? { retry } : {};
    return <ErrorState error={error} what={caption.toLowerCase()} {...way} />;
  }
  if (rows && rows.length === 0) {
    // The table stays in the page, so that who looks for it learns that it is empty.
    return (
      <>
        <div className="unseen">
          <table {...tableProps}>
            <caption>{caption}: none</caption>
            <tbody />
          </table>
        </div>
        {empty}
      </>
    );
  }
  return (
    // The roles are those the elements have by themselves, until a narrow screen's cards take them away.
    // biome-ignore-start lint/a11y: see above
    <table className={classes.table} data-stale={stale || undefined} aria-busy={!rows} role="table" {...tableProps}>
      <caption className="unseen">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th
              key={column.key}
              scope="col"
              role="columnheader"
              data-align={column.align}
              data-wide={column.wideOnly || undefined}
            >
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body} role="rowgroup">
        {rows
          ? rows.map((row) => (
              <tr key={rowKey(row)} role="row" data-opens={open ? true : undefined} {...rowProps?.(row)}>
                {columns.map((column, place) => (
                  <td
                    key={column.key}
                    role="cell"
                    data-align={column.align}
                    data-narrow={column.narrow ?? "none"}
                    data-wide={column.wideOnly || undefined}
                  >
                    {place === 0 && open ? (
                      <Link to={open(row)} className={classes.link} data-row-link>
                        {column.cell(row)}
                      </Link>
                    ) : (
                      column.cell(row)
                    )}
                  </td>
                ))}
              </tr>
            ))
          : Array.from({ length: props.skeletonRows ?? 6 }, (_, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a skeleton have nothing else
              <tr key={place} role="row">
                {columns.map((column, at) => (
                  <td
                    key={column.key}
                    role="cell"
                    data-narrow={column.narrow ?? "none"}
                    data-wide={column.wideOnly || undefined}
                  >
                    <Bone width={at === 0 ? "80%" : "60%"} />
                  </td>
                ))}
              </tr>
            ))}
      </tbody>
    </table>
    // biome-ignore-end lint/a11y: see above
  );
}
