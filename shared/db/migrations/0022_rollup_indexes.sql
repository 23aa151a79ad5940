-- transactional: false
-- What is looked for is found, and what was written lately. Nobody who reads or writes waits while these are made; they
-- themselves wait for whoever has begun before, as long as that takes.
set lock_timeout = 0;

create index concurrently if not exists events_written on events (merchant_id, xid);
create index concurrently if not exists ledger_transactions_written on ledger_transactions (merchant_id, xid);

-- One entry for each payment, and a short one, since every payment pays for it: a card's last four digits are no VPA, and
-- a VPA is no four digits. Of one instrument there are few payments, which are sorted when somebody asks.
create index concurrently if not exists payments_instrument on payments (merchant_id, coalesce(lower(vpa), card_last4));

-- States that few are in, or for long.
create index concurrently if not exists payments_rare_state on payments (state, merchant_id, created_at desc, id desc)
    where state in ('requires_action', 'outcome_unknown', 'partially_captured', 'voided', 'authorization_expired');

-- A delivery gets its first entry here with its first attempt.
create index concurrently if not exists webhook_logs_attempted on webhook_logs (merchant_id, last_attempt_at desc)
    where last_attempt_at is not null;

-- Most gateways take one currency, and pay nothing for this.
create index concurrently if not exists payments_rare_currency on payments (currency, merchant_id, created_at desc, id desc)
    where currency <> 'INR';
