/** The pages of the menu: where they are, and which keys open them. */

import {
  IconActivity,
  IconArrowBackUp,
  IconBook2,
  IconCode,
  IconCreditCard,
  IconHome,
  IconReceipt2,
  IconSettings,
  IconUsers,
  IconWebhook,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import type { Session } from "../api/shapes";

export interface MenuPage {
  to: string;
  name: string;
  icon: ComponentType<{ size?: number; stroke?: number; "aria-hidden"?: boolean }>;
  keys: string;
  group: "Payments" | "Build" | "Manage";
  /** More words it is found by. */
  words?: string;
  shown?: (session: Session) => boolean;
}

export const MENU: MenuPage[] = [
  {
    to: "/dashboard",
    name: "Home",
    icon: IconHome,
    keys: "g h",
    group: "Payments",
    words: "stats charts balance overview",
  },
  {
    to: "/dashboard/transactions",
    name: "Transactions",
    icon: IconCreditCard,
    keys: "g t",
    group: "Payments",
    words: "payments",
  },
  {
    to: "/dashboard/orders",
    name: "Orders",
    icon: IconReceipt2,
    keys: "g o",
    group: "Payments",
    words: "initiate payment link",
  },
  { to: "/dashboard/refunds", name: "Refunds", icon: IconArrowBackUp, keys: "g r", group: "Payments" },
  {
    to: "/dashboard/webhooks",
    name: "Webhooks",
    icon: IconWebhook,
    keys: "g w",
    group: "Build",
    words: "endpoints deliveries events",
  },
  {
    to: "/dashboard/developers",
    name: "Developers",
    icon: IconCode,
    keys: "g d",
    group: "Build",
    words: "api keys requests log events",
  },
  {
    to: "/dashboard/docs",
    name: "Docs",
    icon: IconBook2,
    keys: "g i",
    group: "Build",
    words: "integration sdk openapi reference",
  },
  {
    to: "/dashboard/operations",
    name: "Operations",
    icon: IconActivity,
    keys: "g x",
    group: "Manage",
    words: "queues workers jobs schedules",
    shown: (session) => session.user.is_operator,
  },
  { to: "/dashboard/team", name: "Team", icon: IconUsers, keys: "g m", group: "Manage", words: "members roles audit" },
  {
    to: "/dashboard/settings",
    name: "Settings",
    icon: IconSettings,
    keys: "g s",
    group: "Manage",
    words: "merchant password",
  },
];
