-- An answer that shows a secret is kept sealed.
alter table idempotency_keys add column sealed bytea;
