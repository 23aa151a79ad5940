-- While a secret is being changed several may sign: a second change must not end what the first one promised.
create table webhook_previous_secrets (
    endpoint_id text        not null references webhook_endpoints (id) on delete cascade,
    secret      bytea       not null,  -- AES-256-GCM, bound to the merchant
    until       timestamptz not null
);

create index webhook_previous_secrets_endpoint on webhook_previous_secrets (endpoint_id, until);

insert into webhook_previous_secrets (endpoint_id, secret, until)
select id, previous_secret, previous_secret_until from webhook_endpoints where previous_secret_until > now();

alter table webhook_endpoints drop column previous_secret, drop column previous_secret_until;

-- What was authorized and captured before there were holds that end, and a ledger.
update payments set authorization_expires_at = updated_at + interval '7 days'
 where state in ('authorized', 'partially_captured') and authorization_expires_at is null;

insert into ledger_transactions (id, merchant_id, kind, reference, payment_id, currency, created_at)
select 'txn_' || substr(md5(p.id), 1, 16), p.merchant_id, 'capture', p.id || '/' || p.amount_captured, p.id, p.currency,
       p.updated_at
  from payments p
 where p.amount_captured > 0
   and not exists (select from ledger_transactions t where t.payment_id = p.id);

insert into ledger_entries (transaction_id, account, merchant_id, currency, amount)
select t.id, account, t.merchant_id, t.currency,
       case account when 'acquirer' then -p.amount_captured else p.amount_captured end
  from ledger_transactions t
  join payments p on p.id = t.payment_id,
       unnest('{acquirer,available}'::text[]) account
 where not exists (select from ledger_entries e where e.transaction_id = t.id);

-- One merchant for one address, however it is written.
create unique index merchants_email on merchants (lower(email));
