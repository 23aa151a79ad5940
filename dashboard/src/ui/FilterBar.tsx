/** The choices above a list: searching, narrowing, and taking it all back. */

import { Button, Select, TextInput } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./FilterBar.module.css";
import { useTyped } from "./typed";

export function FilterBar({ children, choices, clear }: { children: ReactNode; choices: number; clear: () => void }) {
  return (
    <search className={classes.bar}>
      {children}
      {choices > 0 && (
        <Button variant="subtle" color="gray" size="sm" leftSection={<IconX size={15} aria-hidden />} onClick={clear}>
          Clear
        </Button>
      )}
    </search>
  );
}

interface FilterTextProps {
  label: string;
  placeholder: string;
  value: string;
  choose: (value: string) => void;
  error?: string | null;
  wide?: boolean;
}

/** Text that counts when the typing stops, or with Enter. */
export function FilterText({ label, placeholder, value, choose, error, wide = false }: FilterTextProps) {
  return (
    <TextInput
      className={(wide ? classes.wide : classes.amount) ?? ""}
      aria-label={label}
      placeholder={placeholder}
      error={error}
      {...(wide ? { leftSection: <IconSearch size={16} aria-hidden /> } : { inputMode: "decimal" as const })}
      {...useTyped(value, choose)}
    />
  );
}

interface FilterSelectProps {
  label: string;
  any: string;
  value: string | undefined;
  options: Record<string, string>;
  choose: (value: string) => void;
}

export function FilterSelect({ label, any, value, options, choose }: FilterSelectProps) {
  const data = [
    { value: "", label: any },
    ...Object.entries(options).map(([name, words]) => ({ value: name, label: words })),
  ];
  return (
    <Select
      className={classes.select ?? ""}
      aria-label={label}
      data={data}
      value={value ?? ""}
      onChange={(next) => choose(next ?? "")}
      data-chosen={value ? true : undefined}
    />
  );
}
