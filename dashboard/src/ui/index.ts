/** What pages are made of. */

export * from "./amounts";
export { Callout } from "./Callout";
export { type Code, CodeBlock } from "./CodeBlock";
export { ConfirmDialog } from "./ConfirmDialog";
export { CopyButton } from "./CopyButton";
export { type Column, DataTable } from "./DataTable";
export { EmptyState } from "./EmptyState";
export { adviceFor, ErrorState } from "./ErrorState";
export { FilterBar, FilterSelect, FilterText } from "./FilterBar";
export { GuardedButton } from "./GuardedButton";
export { IdText } from "./IdText";
export { type Shortcut, useShortcuts } from "./keys";
export { LinkButton } from "./LinkButton";
export { MethodText } from "./MethodText";
export { Money } from "./Money";
export { sayExactly, sayMoment } from "./moments";
export { named } from "./named";
export { tellDone, tellProblem, tellRefusal } from "./notices";
export { PageHeader } from "./PageHeader";
export { Pager, type Place } from "./Pager";
export { Fact, Facts, Panel } from "./Panel";
export { SingleKeysSwitch } from "./SingleKeysSwitch";
export { Bone, Bones } from "./Skeletons";
export { StatusBadge } from "./StatusBadge";
export { NotConfirmed, useSteppedUp } from "./StepUp";
export { Time, useNow } from "./Time";
export * from "./words";
