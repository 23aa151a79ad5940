-- A refund: captured money on its way back. Its amount is reserved on the payment from the moment it is asked for.
create table refunds (
    id                 text        primary key,
    merchant_id        uuid        not null,
    payment_id         text        not null references payments (id),
    amount             bigint      not null check (amount > 0),
    currency           text        not null,
    reason             text,
    notes              jsonb       not null default '{}',
    status             text        not null default 'pending',
    acquirer_reference text,
    error_reason       text,
    error_description  text,
    inquiries          integer     not null default 0,
    next_inquiry_at    timestamptz,
    last_answer        text,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    processed_at       timestamptz,
    constraint refunds_status check (case status when 'pending'   then error_reason is null and processed_at is null
                                                 when 'processed' then error_reason is null and processed_at is not null
                                                 when 'failed'    then error_reason is not null else false end)
) with (fillfactor = 80);

create index refunds_payment on refunds (payment_id, created_at desc, id desc);
create index refunds_newest  on refunds (merchant_id, created_at desc, id desc);
create index refunds_pending on refunds (updated_at) where status = 'pending';

-- pending → processed or failed; processed → failed when the bank sends the money back. Nothing else ever changes.
create function refunds_check_move() returns trigger language plpgsql as $function$
begin
    if (old.status, new.status) not in (('pending', 'pending'), ('pending', 'processed'), ('pending', 'failed'),
                                        ('processed', 'failed'))
       or (new.amount, new.currency, new.payment_id, new.merchant_id)
          is distinct from (old.amount, old.currency, old.payment_id, old.merchant_id) then
        raise exception 'refund %: no way from % to %', new.id, old.status, new.status
            using errcode = 'check_violation', constraint = 'refunds_transition';
    end if;
    return new;
end
$function$;

create trigger refunds_check_move before update on refunds for each row execute function refunds_check_move();

-- A refund of a payment that was captured in part closes what is left of the hold.
insert into payment_transitions (from_state, to_state, event) values
    ('partially_captured', 'partially_refunded', 'payment.partially_refunded'),
    ('partially_captured', 'refunded',           'payment.refunded');

-- What the bank said last while the outcome is unknown; how long a hold may be captured; what the merchant noted.
alter table payments
    add column notes jsonb not null default '{}',
    add column last_answer text,
    add column authorization_expires_at timestamptz;

create index payments_expiring on payments (authorization_expires_at) where authorization_expires_at is not null;

insert into queues (kind) values ('process_refund');
insert into job_counts (kind, shard) select 'process_refund', shard from generate_series(0, 15) as shard;

-- The bank's books of refunds, and the news that it has for the gateway without being asked.
create table bank.refunds (
    reference          text        primary key,
    charge_reference   text        not null references bank.charges (reference),
    acquirer_reference text        not null unique,
    amount             bigint      not null check (amount > 0),
    currency           text        not null,
    approved           boolean     not null,
    decline_reason     text,
    answer_at          timestamptz not null,
    returned_at        timestamptz,            -- the customer's bank sent it back
    asked              integer     not null default 1,
    created_at         timestamptz not null default now(),
    check (approved = (decline_reason is null))
);

create index refunds_charge on bank.refunds (charge_reference);

create table bank.notices (
    id        bigint      generated always as identity primary key,
    reference text        not null,
    ready_at  timestamptz not null default now()
);

-- Which behaviour a magic value asked for, so that a refund of the charge follows it too.
alter table bank.charges add column behaviour text;
