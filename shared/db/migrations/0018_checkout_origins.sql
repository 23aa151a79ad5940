-- The origins of a merchant's own pages, which alone may frame its checkout in production.
alter table merchants
    add column checkout_origins text[] not null default '{}'
        check (cardinality(checkout_origins) <= 20 and array_position(checkout_origins, null) is null);
