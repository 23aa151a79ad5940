/** What the API sends and takes. The names are the wire's; /openapi.json describes each. */

export type Role = "owner" | "developer" | "support" | "read_only";

export interface Session {
  user: { id: string; email: string; name: string; is_operator: boolean; must_change_password: boolean };
  merchant: { id: string; name: string };
  merchants: { id: string; name: string; role: Role }[];
  role: Role;
  test_mode: boolean;
  checkout_url: string | null;
  expires_at: string;
}

export interface Page<T> {
  data: T[];
  has_more: boolean;
  total?: number;
  limit?: number;
  offset?: number;
}

export type Notes = Record<string, unknown>;

export type PaymentStatus = "pending" | "success" | "failed" | "partially_refunded" | "refunded";
export type PaymentState =
  | "created"
  | "requires_action"
  | "processing"
  | "outcome_unknown"
  | "authorized"
  | "partially_captured"
  | "captured"
  | "voided"
  | "authorization_expired"
  | "failed"
  | "partially_refunded"
  | "refunded";

export interface Payment {
  id: string;
  order_id: string;
  amount: number;
  currency: string;
  method: "card" | "upi";
  vpa?: string;
  card_network?: string;
  card_last4?: string;
  status: PaymentStatus;
  state: PaymentState;
  captured: boolean;
  amount_captured: number;
  amount_refunded: number;
  amount_refund_pending: number;
  notes: Notes;
  error_code: string | null;
  error_reason: string | null;
  error_description: string | null;
  inquiries: number;
  next_inquiry_at: string | null;
  last_answer: string | null;
  next_action: { type: string; url: string; expires_at: string } | null;
  authorization_expires_at: string | null;
  created_at: string;
  updated_at: string;
}

export type OrderStatus = "created" | "attempted" | "paid" | "expired" | "cancelled";

export interface Order {
  id: string;
  merchant_id: string;
  amount: number;
  currency: string;
  receipt: string | null;
  notes: Notes;
  capture: "automatic" | "manual";
  status: OrderStatus;
  expires_at: string | null;
  created_at: string;
  updated_at: string;
}

export interface NewOrder {
  amount: number;
  currency?: string;
  receipt?: string;
  notes?: Notes;
  capture?: "automatic" | "manual";
  expires_at?: string;
}

export type RefundStatus = "pending" | "processed" | "failed";

export interface Refund {
  id: string;
  payment_id: string;
  amount: number;
  currency: string;
  reason: string | null;
  notes: Notes;
  status: RefundStatus;
  error_reason: string | null;
  error_description: string | null;
  inquiries: number;
  next_inquiry_at: string | null;
  last_answer: string | null;
  created_at: string;
  updated_at: string;
  processed_at: string | null;
}

export interface Balance {
  currency: string;
  available: number;
  refunds_pending: number;
}

export interface TimelineEntry {
  at: string;
  kind: "request" | "event" | "bank" | "webhook" | "refund" | "ledger";
  title: string;
  details: Record<string, unknown>;
  ref: string | null;
}

export interface StatsTotals {
  payments: number;
  succeeded: number;
  failed: number;
  pending: number;
  amount_succeeded: number;
  amount_refunded: number;
  refunds: number;
  success_rate: number | null;
  p50_seconds: number | null;
  p95_seconds: number | null;
}

export interface StatsPoint {
  at: string;
  payments: number;
  succeeded: number;
  failed: number;
  amount_succeeded: number;
  amount_refunded: number;
  p50_seconds: number | null;
  p95_seconds: number | null;
}

export interface Stats {
  from: string | null;
  to: string | null;
  interval: "hour" | "day" | null;
  totals: StatsTotals;
  previous: StatsTotals | null;
  series: StatsPoint[];
  by_method: { method: string; payments: number; succeeded: number; success_rate: number | null }[];
  failures: { reason: string; count: number }[];
  currency: string;
  /** Those there are payments in, the most used one first. */
  currencies: string[];
}

export interface FailingEndpoint {
  id: string;
  url: string | null;
  failing_since: string | null;
  disabled_at: string | null;
}

export interface Attention {
  failing_endpoints: FailingEndpoint[];
  unknown_outcomes: number;
  dead_jobs: number | null;
  failed_webhooks: number;
}

export interface Found {
  type: "payment" | "order" | "refund" | "webhook";
  id: string;
  title: string;
  subtitle: string;
  status: string;
}

export interface Merchant {
  id: string;
  name: string;
  email: string;
  api_key: string;
  webhook_url: string | null;
  webhook_events: string[];
  webhook_endpoint_id: string;
  /** Where the checkout may be opened from, and framed. */
  checkout_origins?: string[];
  created_at: string;
  updated_at: string;
}

export interface ApiKey {
  api_key: string;
  api_secret?: string;
  created_at: string;
  expires_at: string | null;
}

export interface GatewayEvent {
  id: string;
  type: string;
  payment_id: string | null;
  sequence: number | null;
  created_at: string;
  body: unknown;
}

export type DeliveryStatus = "pending" | "success" | "failed";

export interface Webhook {
  id: string;
  webhook_endpoint_id: string;
  event_id: string;
  event: string;
  payment_id: string | null;
  status: DeliveryStatus;
  attempts: number;
  created_at: string;
  last_attempt_at: string | null;
  next_retry_at: string | null;
  response_code: number | null;
}

export interface WebhookAttempt {
  attempt: number;
  started_at: string;
  duration_ms: number | null;
  request_headers: Record<string, string> | null;
  response_code: number | null;
  response_body: string | null;
  error: string | null;
}

export interface WebhookDetails extends Webhook {
  request_body: unknown;
  response_body: string | null;
  attempt_log: WebhookAttempt[];
}

export interface WebhookEndpoint {
  id: string;
  url: string | null;
  description: string;
  events: string[];
  enabled: boolean;
  is_first: boolean;
  secret?: string;
  previous_secret_until: string | null;
  failing_since: string | null;
  disabled_at: string | null;
  gap_since: string | null;
  created_at: string;
  updated_at: string;
}

export interface Member {
  user_id: string;
  email: string;
  name: string;
  role: Role;
  created_at: string;
  last_seen_at: string | null;
}

export interface AuditEntry {
  id: string;
  at: string;
  actor: string;
  action: string;
  subject: string;
  details: Record<string, unknown>;
  address: string | null;
}

export interface RequestEntry {
  id: string;
  created_at: string;
  method: string;
  path: string;
  status: number;
  duration_ms: number;
  request_id: string;
  address: string;
  user_agent: string;
  /** null: somebody signed in here. */
  api_key: string | null;
  subject: string | null;
  body: string | null;
}

export interface QueueState {
  kind: string;
  pending: number;
  processing: number;
  dead: number;
  completed: number;
  oldest_due_seconds: number;
  worker_seen_at: string | null;
  worker: string;
}

export interface ScheduleState {
  name: string;
  ran_at: string;
  seconds: number;
  error: string | null;
}

export interface ThroughputPoint {
  at: string;
  kind: string;
  completed: number;
  pending: number;
}

export interface OperationsState {
  queues: QueueState[];
  schedules: ScheduleState[];
  throughput: ThroughputPoint[];
}

export interface DeadJob {
  id: string;
  kind: string;
  subject: string;
  attempts: number;
  last_error: string | null;
  created_at: string;
  died_at: string;
}

export interface Health {
  status: string;
  database: string;
  redis: string;
  worker: string;
  timestamp: string;
}
