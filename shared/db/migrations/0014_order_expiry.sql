-- From when an order cannot be paid any more. Orders from before this have no end.
alter table orders add column expires_at timestamptz;
create index orders_expiry on orders (expires_at);

-- Up to when a schedule has looked, so that it does not look at the same rows again.
create table schedule_marks (
    name    text        primary key,
    through timestamptz not null
);

insert into schedule_marks (name, through) values ('order_expiry', now());
