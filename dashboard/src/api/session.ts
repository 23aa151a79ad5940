/** Who is signed in, what they may do, and how they sign out. */

import { useSuspenseQuery } from "@tanstack/react-query";
import { call } from "./client";
import { sessionQuery } from "./queries";
import type { Role, Session } from "./shapes";

const RANK: Record<Role, number> = { read_only: 0, support: 1, developer: 2, owner: 3 };

export const ROLE_NAMES: Record<Role, string> = {
  owner: "Owner",
  developer: "Developer",
  support: "Support",
  read_only: "Read only",
};

/** The session; only below the layout of those who are signed in, which has it already. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

export function mayDo(role: Role, least: Role): boolean {
  return RANK[role] >= RANK[least];
}

/** Why the person who is signed in may not do what needs this role; null when they may. */
export function useRefusal(least: Role): string | null {
  const { role } = useSession();
  if (mayDo(role, least)) return null;
  return `Your role, ${ROLE_NAMES[role].toLowerCase()}, may not do this. It takes ${least === "owner" ? "an owner" : `the role ${ROLE_NAMES[least].toLowerCase()} or above`}.`;
}

export const signIn = (email: string, password: string): Promise<Session> =>
  call<Session>("/api/v1/session", { method: "POST", body: { email, password } });

export const signOut = (): Promise<void> => call<void>("/api/v1/session", { method: "DELETE" });

export const signOutEverywhere = (): Promise<void> =>
  call<void>("/api/v1/session/end_all", { method: "POST", body: {} });

export const changePassword = (current_password: string, new_password: string): Promise<void> =>
  call<void>("/api/v1/session/password", { method: "POST", body: { current_password, new_password } });

export const switchMerchant = (merchant_id: string): Promise<Session> =>
  call<Session>("/api/v1/session/merchant", { method: "POST", body: { merchant_id } });

export const confirmPassword = (password: string): Promise<void> =>
  call<void>("/api/v1/session/confirm", { method: "POST", body: { password } });
