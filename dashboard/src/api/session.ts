/** Who is signed in, what they may do, and how they sign out. */

import { useSuspenseQuery } from "@tanstack/react-query";
import { ApiError, call } from "./client";
import { queryClient, sessionQuery } from "./queries";
import type { Role, Session } from "./shapes";
import { begun, left, shownMerchant } from "./whose";

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

const openSession = (email: string, password: string): Promise<Session> =>
  call<Session>("/api/v1/session", { method: "POST", body: { email, password } });

const chooseMerchant = (merchant_id: string): Promise<Session> =>
  call<Session>("/api/v1/session/merchant", { method: "POST", body: { merchant_id } });

export async function signIn(email: string, password: string): Promise<void> {
  const session = await begun(await openSession(email, password));
  queryClient.clear();
  queryClient.setQueryData(sessionQuery.queryKey, session);
}

/** Signs in over the page whose session has ended, and goes on with the merchant that it shows. */
export async function signInAgain(email: string, password: string): Promise<void> {
  let session = await openSession(email, password);
  const merchant = shownMerchant();
  if (session.merchant?.id !== merchant && session.merchants.some((each) => each.id === merchant)) {
    session = await chooseMerchant(merchant ?? "");
  }
  queryClient.setQueryData(sessionQuery.queryKey, await begun(session));
}

/** Shows another merchant: the page is loaded anew. Without an answer the session is asked which one it has. */
export async function switchMerchant(merchant_id: string): Promise<void> {
  let session: Session;
  try {
    session = await chooseMerchant(merchant_id);
  } catch (error) {
    if (!(error instanceof ApiError) || (error.status !== 0 && error.status < 500)) throw error;
    session = await call<Session>("/api/v1/session");
    if (session.merchant?.id !== merchant_id) throw error;
  }
  await begun(session);
}

async function leave(path: string, method: "DELETE" | "POST"): Promise<void> {
  try {
    await call<void>(path, { method, ...(method === "POST" ? { body: {} } : {}) });
  } catch (error) {
    // One whose session has ended is out already.
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  }
  left();
}

export const signOut = (): Promise<void> => leave("/api/v1/session", "DELETE");

export const signOutEverywhere = (): Promise<void> => leave("/api/v1/session/end_all", "POST");

export const changePassword = (current_password: string, new_password: string): Promise<void> =>
  call<void>("/api/v1/session/password", { method: "POST", body: { current_password, new_password } });

export const confirmPassword = (password: string): Promise<void> =>
  call<void>("/api/v1/session/confirm", { method: "POST", body: { password } });
