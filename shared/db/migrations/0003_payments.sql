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

create table payments (
    id                    text        primary key check (length(id) = 20 and starts_with(id, 'pay_')),
    merchant_id           uuid        not null,
    order_id              text        not null,
    connector             text        not null,
    amount                bigint      not null check (amount between 100 and 10000000000),
    currency              text        not null check (length(currency) = 3),
    method                text        not null,
    vpa                   text,
    card_network          text,
    card_last4            text        check (length(card_last4) = 4),
    token                 text,       -- stands for the card at the connector; never a card number
    capture               text        not null check (capture in ('manual', 'automatic')),
    exclusive             boolean     not null,
    state                 text        not null check (state in (
                                          'created', 'requires_action', 'processing', 'outcome_unknown', 'authorized',
                                          'partially_captured', 'captured', 'voided', 'authorization_expired',
                                          'failed', 'partially_refunded', 'refunded')),
    status                text        not null generated always as (case state
                                          when 'created'               then 'pending'
                                          when 'requires_action'       then 'pending'
                                          when 'processing'            then 'pending'
                                          when 'outcome_unknown'       then 'pending'
                                          when 'authorized'            then 'success'
                                          when 'partially_captured'    then 'success'
                                          when 'captured'              then 'success'
                                          when 'voided'                then 'refunded'
                                          when 'authorization_expired' then 'refunded'
                                          when 'failed'                then 'failed'
                                          when 'partially_refunded'    then 'partially_refunded'
                                          when 'refunded'              then 'refunded'
                                      end) stored,
    sequence              integer     not null check (sequence >= 1),  -- of the newest event
    amount_authorized     bigint      not null default 0,
    amount_captured       bigint      not null default 0,
    amount_refunded       bigint      not null default 0,
    amount_refund_pending bigint      not null default 0,
    captured              boolean     not null generated always as (amount_captured > 0) stored,
    acquirer_reference    text,
    error_code            text,
    error_reason          text,
    error_description     text,
    inquiries             integer     not null default 0 check (inquiries >= 0),
    next_inquiry_at       timestamptz,
    created_at            timestamptz not null default now(),
    updated_at            timestamptz not null default now(),

    foreign key (merchant_id, order_id) references orders (merchant_id, id),
    constraint payments_method check (
        (method = 'upi'  and vpa is not null and card_last4 is null and card_network is null and token is null) or
        (method = 'card' and vpa is null and card_last4 is not null and card_network is not null
                         and token is not null)),
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
    if not exists (select from payment_transitions where from_state = old.state and to_state = new.state) then
        raise exception 'payment %: no way from % to %', new.id, old.state, new.state
            using errcode = 'check_violation', constraint = 'payments_transition';
    end if;
    if new.sequence <> old.sequence + 1 then
        raise exception 'payment %: sequence % cannot follow %', new.id, new.sequence, old.sequence
            using errcode = 'check_violation', constraint = 'payments_sequence';
    end if;
    return new;
end
$function$;

create trigger payments_check_move before update on payments
    for each row when (old.state is distinct from new.state) execute function payments_check_move();

create function payments_check_birth() returns trigger language plpgsql as $function$
begin
    raise exception 'payment %: born as %', new.id, new.state
        using errcode = 'check_violation', constraint = 'payments_birth';
end
$function$;

create trigger payments_check_birth before insert on payments
    for each row when (new.state <> 'created' or new.sequence <> 1) execute function payments_check_birth();
