/** A date that narrows something, in the browser's own field; emptied, none. */

import { TextInput } from "@mantine/core";
import classes from "./FilterDate.module.css";
import { useTyped } from "./typed";

interface FilterDateProps {
  label: string;
  value: string;
  choose: (date: string) => void;
  isDate: (text: string) => boolean;
}

export function FilterDate({ label, value, choose, isDate }: FilterDateProps) {
  const typed = useTyped(value, choose, (text) => text === "" || isDate(text));
  return <TextInput type="date" className={classes.date ?? ""} aria-label={label} {...typed} />;
}
