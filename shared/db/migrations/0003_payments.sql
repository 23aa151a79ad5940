-- The payment machine. The same table stands in shared/domain/payment.py; a test compares them.
create table payment_transitions (
    from_state text not null,
    to_state   text not null,
    event      text not null,
    primary key (from_state, to_state)
);

insert into payment_transitions (from_state, to_state, event) values
    ('created',            'requires_action',       'payment.requires_action'),
    ('created',            'processing',            'payment.pending'),
    ('created',            'failed',                'payment.failed'),
    ('requires_action',    'processing',            'payment.pending'),
    ('requires_action',    'failed',                'payment.failed'),
    ('processing',         'authorized',            'payment.success'),
    ('processing',         'captured',              'payment.success'),
    ('processing',         'requires_action',       'payment.requires_action'),
    ('processing',         'failed',                'payment.failed'),
    ('processing',         'outcome_unknown',       'payment.outcome_unknown'),
    ('outcome_unknown',    'authorized',            'payment.success'),
    ('outcome_unknown',    'captured',              'payment.success'),
    ('outcome_unknown',    'failed',                'payment.failed'),
    ('authorized',         'partially_captured',    'payment.captured'),
    ('authorized',         'captured',              'payment.captured'),
    ('authorized',         'voided',                'payment.voided'),
    ('authorized',         'authorization_expired', 'payment.authorization_expired'),
    ('partially_captured', 'partially_captured',    'payment.captured'),
    ('partially_captured', 'captured',              'payment.captured'),
    ('captured',           'partially_refunded',    'payment.partially_refunded'),
    ('captured',           'refunded',              'payment.refunded'),
    ('partially_refunded', 'partially_refunded',    'payment.partially_refunded'),
    ('partially_refunded', 'refunded',              'payment.refunded'),
    ('partially_refunded', 'captured',              'payment.refund_returned'),
    ('refunded',           'partially_refunded',    'payment.refund_returned'),
    ('refunded',           'captured',              'payment.refund_returned');

-- Postgres reads the text of every CHECK anew for each statement, so here stand the rules about money and state; the
-- shape of ids and the like is checked once, at the door.
create table payments (
    id                    text        primary key,
    merchant_id           uuid        not null,
    order_id              text        not null,
    connector             text        not null,
    amount                bigint      not null check (amount > 0),
    currency              text        not null,
    method                text        not null,
    vpa                   text,
    card_network          text,
    card_last4            text,
    token                 text,       -- stands for the card at the connector; never a card number
    capture               text        not null,
    exclusive             boolean     not null,
    state                 text        not null,  -- one of payment_transitions: the triggers below see to it
    status                text        not null generated always as (case
                                          when state in ('created', 'requires_action', 'processing',
                                                         'outcome_unknown')                       then 'pending'
                                          when state in ('authorized', 'partially_captured',
                                                         'captured')                              then 'success'
                                          when state in ('voided', 'authorization_expired')       then 'refunded'
                                          else state  -- failed, partially_refunded, refunded
                                      end) stored,
    sequence              integer     not null,  -- of the newest event
    amount_authorized     bigint      not null default 0,
    amount_captured       bigint      not null default 0,
    amount_refunded       bigint      not null default 0,
    amount_refund_pending bigint      not null default 0,
    captured              boolean     not null generated always as (amount_captured > 0) stored,
    acquirer_reference    text,
    error_code            text,
    error_reason          text,
    error_description     text,
    inquiries             integer     not null default 0,
    next_inquiry_at       timestamptz,
    created_at            timestamptz not null default now(),
    updated_at            timestamptz not null default now(),

    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    constraint payments_method check (case method when 'upi'  then vpa is not null and token is null
                                                  when 'card' then vpa is null and token is not null else false end),
    constraint payments_amounts check (
        amount_refunded >= 0 and amount_refund_pending >= 0
        and amount_refunded + amount_refund_pending <= amount_captured
        and amount_captured <= amount_authorized and amount_authorized <= amount),
    constraint payments_state_amounts check (case
        when state in ('created', 'requires_action', 'processing', 'outcome_unknown', 'failed')
            then amount_authorized = 0
        when state in ('authorized', 'voided', 'authorization_expired')
            then amount_authorized > 0 and amount_captured = 0
        else amount_captured > 0 end),
    constraint payments_failure check ((state = 'failed') = (error_code is not null))
) with (fillfactor = 80);  -- room to change state in place

create unique index payments_one_live on payments (order_id) where exclusive and status <> 'failed';
create index payments_order  on payments (order_id);
create index payments_status on payments (status);
create index payments_newest on payments (merchant_id, created_at desc, id desc);

-- The state changes only along the table, and every change is numbered by the event that tells of it.
create function payments_check_move() returns trigger language plpgsql as $function$
begin
    if new.state <> old.state
       and not exists (select from payment_transitions where from_state = old.state and to_state = new.state) then
        raise exception 'payment %: no way from % to %', new.id, old.state, new.state
            using errcode = 'check_violation', constraint = 'payments_transition';
    end if;
    if new.sequence <> old.sequence + 1 then
        raise exception 'payment %: sequence % cannot follow %', new.id, new.sequence, old.sequence
            using errcode = 'check_violation', constraint = 'payments_sequence';
    end if;
    if (new.amount, new.currency, new.order_id, new.merchant_id)
       <> (old.amount, old.currency, old.order_id, old.merchant_id) then
        raise exception 'payment %: amount, currency, order and merchant are for ever', new.id
            using errcode = 'check_violation', constraint = 'payments_identity';
    end if;
    return new;
end
$function$;

create trigger payments_check_move before update of state, sequence, amount, currency, order_id, merchant_id on payments
    for each row execute function payments_check_move();

create function payments_check_birth() returns trigger language plpgsql as $function$
begin
    raise exception 'payment %: born as %', new.id, new.state
        using errcode = 'check_violation', constraint = 'payments_birth';
end
$function$;

create trigger payments_check_birth before insert on payments
    for each row when (new.state <> 'created' or new.sequence <> 1) execute function payments_check_birth();
