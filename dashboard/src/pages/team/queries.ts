/** Members, and what they did. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, type Params } from "../../api/client";
import { get, live } from "../../api/queries";
import { ROLE_NAMES } from "../../api/session";
import type { AuditEntry, Member, Page, Role } from "../../api/shapes";

export const teamQuery = queryOptions({
  queryKey: ["team"],
  queryFn: ({ signal }) => get<{ data: Member[] }>("/api/v1/team", {}, signal),
});

export const auditQuery = (params: Params) =>
  queryOptions({
    queryKey: ["audit", params],
    queryFn: ({ signal }) => get<Page<AuditEntry>>("/api/v1/audit", params, signal),
    placeholderData: keepPreviousData,
    meta: live,
  });

export interface NewMember {
  email: string;
  name: string;
  role: Role;
  password: string;
}

export const addMember = (member: NewMember, idempotencyKey: string): Promise<Member> =>
  call("/api/v1/team", { method: "POST", body: member, idempotencyKey });

export const changeMember = (id: string, change: { role?: Role; name?: string; password?: string }): Promise<Member> =>
  call(`/api/v1/team/${encodeURIComponent(id)}`, { method: "PUT", body: change });

export const removeMember = (id: string): Promise<unknown> =>
  call(`/api/v1/team/${encodeURIComponent(id)}`, { method: "DELETE" });

const LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"; // none that is read as another
const PASSWORD_LETTERS = 20;

/** A password to begin with; from the browser's own source of chance, each letter as likely as another. */
export function newPassword(): string {
  const limit = 256 - (256 % LETTERS.length);
  let password = "";
  while (password.length < PASSWORD_LETTERS) {
    for (const byte of crypto.getRandomValues(new Uint8Array(PASSWORD_LETTERS))) {
      if (byte < limit && password.length < PASSWORD_LETTERS) password += LETTERS[byte % LETTERS.length];
    }
  }
  return password;
}

export const ROLE_OPTIONS = (Object.entries(ROLE_NAMES) as [Role, string][]).map(([value, label]) => ({
  value,
  label,
}));
