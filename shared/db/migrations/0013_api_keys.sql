-- A merchant's keys: the publishable part, and a digest of the secret one. Several work while one is rolled.
create table api_keys (
    api_key       text        primary key,
    merchant_id   uuid        not null references merchants (id),
    secret_digest bytea       not null check (length(secret_digest) = 32),
    created_at    timestamptz not null default now(),
    expires_at    timestamptz  -- null: until it is rolled or revoked
);

create index api_keys_merchant on api_keys (merchant_id, created_at);

insert into api_keys (api_key, merchant_id, secret_digest) select api_key, id, api_secret_digest from merchants;

-- merchants.api_key is the newest one, for those who show one.
alter table merchants drop column api_secret_digest;
create index merchants_newest on merchants (created_at desc, id desc);
