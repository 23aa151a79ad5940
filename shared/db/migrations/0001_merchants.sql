-- A merchant and its credentials. Secrets that are only compared are digests; those that must be read back are sealed.
create table merchants (
    id                     uuid        primary key,
    name                   text        not null check (length(name) between 1 and 255),
    email                  text        not null unique,
    api_key                text        not null unique,
    api_secret_digest      bytea       not null check (length(api_secret_digest) = 32),
    webhook_url            text        check (length(webhook_url) between 1 and 2048),
    webhook_events         text[]      not null,
    webhook_secret         bytea       not null,  -- AES-256-GCM, bound to this row's id
    created_at             timestamptz not null default now(),
    updated_at             timestamptz not null default now()
);
