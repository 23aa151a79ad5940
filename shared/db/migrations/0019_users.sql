-- People who sign in to the dashboard, what they may do for which merchant, their sessions, and what they did.
create table users (
    id                   uuid        primary key default gen_random_uuid(),
    email                text        not null check (length(email) between 3 and 254),
    name                 text        not null check (length(name) between 1 and 255),
    password_hash        text        not null check (password_hash like '$argon2id$%'),
    is_operator          boolean     not null default false,
    must_change_password boolean     not null default false,  -- somebody else knows it: it opens nothing but its change
    created_at           timestamptz not null default now(),
    password_changed_at  timestamptz not null default now()
);

create unique index users_email on users (lower(email));

create table memberships (
    user_id     uuid        not null references users (id) on delete cascade,
    merchant_id uuid        not null references merchants (id) on delete cascade,
    role        text        not null check (role in ('owner', 'developer', 'support', 'read_only')),
    created_at  timestamptz not null default now(),
    primary key (user_id, merchant_id)
);

create index memberships_merchant on memberships (merchant_id, created_at);

-- The cookie only names a session: whether it lives is said here, at every call.
create table sessions (
    id              uuid        primary key,
    user_id         uuid        not null references users (id) on delete cascade,
    merchant_id     uuid        references merchants (id) on delete cascade,  -- none: an operator without a merchant
    created_at      timestamptz not null default now(),
    seen_at         timestamptz not null default now(),  -- a call that a person caused
    expires_at      timestamptz not null,
    ended_at        timestamptz,
    confirmed_until timestamptz,                         -- the password was asked for again
    address         text        not null,
    user_agent      text        not null
);

create index sessions_user   on sessions (user_id, created_at) where ended_at is null;
create index sessions_expiry on sessions (expires_at);

-- Tries of what is limited, above all wrong passwords, by digests: what was typed as an email may be a password.
create table sign_in_tries (
    kind  text        not null,
    key   bytea       not null,
    count integer     not null,
    until timestamptz not null,
    primary key (kind, key)
);

create index sign_in_tries_expiry on sign_in_tries (until);

-- Who did what. It names people and merchants without pointing to them: it outlives both.
create table audit_log (
    id          uuid        primary key default gen_random_uuid(),
    created_at  timestamptz not null default clock_timestamp(),
    merchant_id uuid,
    user_id     uuid,
    actor       text        not null,
    action      text        not null,
    subject     text        not null,
    details     jsonb       not null default '{}',
    address     text        not null
);

create index audit_log_newest on audit_log (merchant_id, created_at desc, id desc);

create function audit_log_is_final() returns trigger language plpgsql as $function$
begin
    raise exception 'the audit log is only added to' using errcode = 'restrict_violation';
end
$function$;

create trigger audit_log_is_final before update or delete or truncate on audit_log
    for each statement execute function audit_log_is_final();
