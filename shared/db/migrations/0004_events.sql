-- What happened to a payment, in order. Written with the change it tells of, and never changed.
create table events (
    id          text        primary key,
    merchant_id uuid        not null,
    payment_id  text        not null references payments (id),
    sequence    integer     not null,
    type        text        not null,
    from_state  text,       -- null for the first
    to_state    text        not null,
    body        text        not null,  -- the exact text that is signed and sent
    created_at  timestamptz not null,
    unique (payment_id, sequence)
);

create function events_are_final() returns trigger language plpgsql as $function$
begin
    raise exception 'events are never changed' using errcode = 'restrict_violation';
end
$function$;

create trigger events_are_final before update on events
    for each row execute function events_are_final();
