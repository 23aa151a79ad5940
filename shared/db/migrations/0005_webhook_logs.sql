-- One event for one endpoint: a delivery, with its attempts.
create table webhook_logs (
    id              uuid        primary key default gen_random_uuid(),
    merchant_id     uuid        not null,
    event_id        text        not null references events (id),
    event           text        not null,
    payload         json        not null,  -- type json keeps the text as it came: these are the bytes that are sent
    status          text        not null default 'pending',
    attempts        integer     not null default 0,
    created_at      timestamptz not null default now(),
    last_attempt_at timestamptz,
    next_retry_at   timestamptz,
    response_code   integer,
    response_body   text,       -- at most 4 KB
    constraint webhook_logs_status check (case status when 'pending' then next_retry_at is not null
                                                      when 'success' then next_retry_at is null
                                                      when 'failed'  then next_retry_at is null else false end)
) with (fillfactor = 80);

create index webhook_logs_newest on webhook_logs (merchant_id, created_at desc, id desc);
create index webhook_logs_status on webhook_logs (status);
create index webhook_logs_due    on webhook_logs (next_retry_at) where status = 'pending';

-- One HTTP try. `error` is null for an answer of any kind; `lost` means that the worker died before it could say.
create table webhook_attempts (
    webhook_log_id   uuid        not null references webhook_logs (id) on delete cascade,
    attempt          integer     not null check (attempt >= 1),
    started_at       timestamptz not null,
    duration_ms      integer,
    response_code    integer,
    response_body    text,       -- at most 4 KB
    error            text,
    primary key (webhook_log_id, attempt)
);
