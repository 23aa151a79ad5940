-- The simulated bank's own books. The gateway never reads them; they are the witness that nobody was charged twice.
create schema bank;

create table bank.charges (
    reference          text        primary key,  -- the gateway's: asking twice charges once
    acquirer_reference text        not null unique,
    amount             bigint      not null check (amount > 0),
    currency           text        not null,
    approved           boolean     not null,
    decline_reason     text,
    answer_at          timestamptz not null,     -- debited then, if approved
    asked              integer     not null default 1,
    created_at         timestamptz not null default now(),
    check (approved = (decline_reason is null))
);

-- Requests that got lost on their way, once each.
create table bank.lost_requests (
    reference text primary key
);
