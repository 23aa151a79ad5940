-- A page of a list costs the same among a million rows, also where few of them are wanted: by a state that few have, an
-- exact amount, a receipt, a type of event.

drop index payments_status;
create index payments_status on payments (status, merchant_id, created_at desc, id desc);
create index payments_amount on payments (merchant_id, amount);

create index orders_receipt on orders (merchant_id, receipt) where receipt is not null;
create index orders_closed  on orders (merchant_id, status, created_at desc, id desc)
    where status in ('cancelled', 'expired');

create index events_type on events (merchant_id, type, created_at desc, id desc);

drop index webhook_logs_status;
create index webhook_logs_status on webhook_logs (status, merchant_id, created_at desc, id desc);
