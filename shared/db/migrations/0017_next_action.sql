-- What the customer must do before the bank goes on: which step, where, and until when.
alter table payments add column next_action jsonb;

-- The bank's first answer got lost, and it was asked again: it waits for the customer.
insert into payment_transitions (from_state, to_state, event) values
    ('outcome_unknown', 'requires_action', 'payment.requires_action');

-- What the simulated bank asks customers for. Nothing is debited before it is approved.
create table bank.challenges (
    reference     text        primary key,
    type          text        not null,             -- otp, upi_app
    amount        bigint      not null check (amount > 0),
    currency      text        not null,
    method        text        not null,
    behaviour     text        not null,
    status        text        not null default 'open',
    attempts_left integer     not null check (attempts_left >= 0),
    expires_at    timestamptz not null,
    check (status in ('open', 'approved', 'declined', 'cancelled', 'expired'))
);
