-- The queue of record. A message on SQS or Redis only says: look here.
create table jobs (
    id          bigint      generated always as identity primary key,
    kind        text        not null,
    subject     text        not null,  -- the id of what the job is about
    lane        text        not null default '',  -- jobs of one lane share a slow party: a merchant's receiver
    state       text        not null default 'pending',  -- or dead: claimed too often, waits for a person
    run_at      timestamptz not null default now(),
    woken_at    timestamptz,           -- when it was last handed to a worker
    attempts    integer     not null default 0,  -- claims, so that a job which kills its worker is noticed too
    lease_until timestamptz,
    lease_token uuid,
    last_error  text,
    created_at  timestamptz not null default now(),
    unique (kind, subject)             -- one live job per fact
) with (fillfactor = 70,               -- leases change in place
        autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);

create index jobs_due on jobs (kind, run_at) where state = 'pending';

-- When a worker of each kind last looked for work.
create table queues (
    kind       text        primary key,
    drained_at timestamptz
) with (fillfactor = 50);

insert into queues (kind) values ('process_payment'), ('deliver_webhook');

-- How many jobs have been done; finished ones are deleted. Spread over rows, so that workers seldom wait for another's.
create table job_counts (
    kind      text,
    shard     integer,
    completed bigint not null default 0,
    primary key (kind, shard)
) with (fillfactor = 50);

insert into job_counts (kind, shard) select kind, shard from queues, generate_series(0, 15) as shard;
