-- Double-entry books: every movement of money is a transaction whose entries sum to zero. They are only ever added to.
create table ledger_transactions (
    id          text        primary key,
    merchant_id uuid        not null,
    kind        text        not null,
    reference   text        not null,  -- of the effect: a second booking of the same one is refused
    payment_id  text        not null references payments (id),
    refund_id   text        references refunds (id),
    currency    text        not null,
    created_at  timestamptz not null default now(),
    unique (kind, reference)
);

create table ledger_entries (
    transaction_id text   not null references ledger_transactions (id),
    account        text   not null,
    merchant_id    uuid   not null,
    currency       text   not null,
    amount         bigint not null check (amount <> 0),
    primary key (transaction_id, account)
);

create index ledger_transactions_newest  on ledger_transactions (merchant_id, created_at desc, id desc);
create index ledger_transactions_payment on ledger_transactions (payment_id);
create index ledger_balances on ledger_entries (merchant_id, currency, account) include (amount);

create function ledger_is_final() returns trigger language plpgsql as $function$
begin
    raise exception 'the ledger is only added to' using errcode = 'restrict_violation';
end
$function$;

create trigger ledger_is_final before update or delete or truncate on ledger_transactions
    for each statement execute function ledger_is_final();
create trigger ledger_is_final before update or delete or truncate on ledger_entries
    for each statement execute function ledger_is_final();

-- Checked when the database transaction commits, whatever wrote the rows.
create function ledger_check_balance() returns trigger language plpgsql as $function$
declare
    booked text := to_jsonb(new) ->> tg_argv[0];
begin
    if (select coalesce(sum(amount), 1) <> 0 or bool_or(e.currency <> t.currency or e.merchant_id <> t.merchant_id)
          from ledger_entries e join ledger_transactions t on t.id = e.transaction_id
         where e.transaction_id = booked) then
        raise exception 'ledger transaction %: the entries do not sum to zero', booked
            using errcode = 'check_violation', constraint = 'ledger_balance';
    end if;
    return null;
end
$function$;

create constraint trigger ledger_check_balance after insert on ledger_transactions deferrable initially deferred
    for each row execute function ledger_check_balance('id');
create constraint trigger ledger_check_balance after insert on ledger_entries deferrable initially deferred
    for each row execute function ledger_check_balance('transaction_id');
