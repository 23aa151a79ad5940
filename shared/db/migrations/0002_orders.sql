-- What a merchant wants paid.
create table orders (
    id          text        primary key,
    merchant_id uuid        not null references merchants (id),
    amount      bigint      not null check (amount between 100 and 10000000000),
    currency    text        not null,
    receipt     text       ,
    notes       jsonb       not null default '{}',
    capture     text        not null default 'manual',
    status      text        not null default 'created'
                            check (status in ('created', 'attempted', 'paid', 'expired', 'cancelled')),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    unique (merchant_id, id)  -- lets payments refer to both: a payment can never hang on another merchant's order
) with (fillfactor = 85);

create index orders_newest on orders (merchant_id, created_at desc, id desc);
