-- The merchant's name for one intent, with the answer it was given. Stored in the transaction of the work itself, so a
-- key is never locked and never forgotten: it is there with its answer, or not at all.
create table idempotency_keys (
    merchant_id uuid        not null,
    key         text        not null,
    method      text        not null,
    path        text        not null,
    request_mac bytea       not null,  -- keyed: the request may have held a card number
    status      integer,
    response    text,                  -- the exact bytes of the answer
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    primary key (merchant_id, key)
);

create index idempotency_keys_expiry on idempotency_keys (expires_at);
