-- A merchant's URL that wants events. The first one is the merchant's own webhook_url; it may have no URL yet.
create table webhook_endpoints (
    id                    text        primary key,
    merchant_id           uuid        not null references merchants (id),
    is_first              boolean     not null default false,
    url                   text        check (length(url) between 1 and 2048),
    description           text        not null default '',
    events                text[]      not null,
    enabled               boolean     not null default true,
    secret                bytea       not null,  -- AES-256-GCM, bound to the merchant
    previous_secret       bytea,                 -- signs too, until then
    previous_secret_until timestamptz,
    failing_since         timestamptz,           -- no attempt has succeeded since
    disabled_at           timestamptz,           -- by the gateway, after long failure
    gap_since             timestamptz,           -- what was not delivered since then waits to be replayed
    created_at            timestamptz not null default now(),
    updated_at            timestamptz not null default now(),
    check (url is not null or is_first)
);

create unique index webhook_endpoints_first    on webhook_endpoints (merchant_id) where is_first;
create index        webhook_endpoints_merchant on webhook_endpoints (merchant_id, created_at);

insert into webhook_endpoints (id, merchant_id, is_first, url, events, secret)
select 'we_' || substr(md5(gen_random_uuid()::text), 1, 16), id, true, webhook_url, webhook_events, webhook_secret
  from merchants;

-- merchants.webhook_url and webhook_secret show what the first endpoint has; they are written by nobody else.
alter table merchants drop column webhook_events, alter column webhook_secret drop not null;

create function webhook_endpoints_show_first() returns trigger language plpgsql as $function$
begin
    update merchants set webhook_url = new.url, webhook_secret = new.secret, updated_at = now()
     where id = new.merchant_id;
    return null;
end
$function$;

create trigger webhook_endpoints_show_first after insert or update of url, secret on webhook_endpoints
    for each row when (new.is_first) execute function webhook_endpoints_show_first();

-- A delivery is one event for one endpoint: there is never a second.
alter table webhook_logs add column endpoint_id text;
update webhook_logs l set endpoint_id = w.id from webhook_endpoints w where w.merchant_id = l.merchant_id and w.is_first;
alter table webhook_logs alter column endpoint_id set not null;
create unique index webhook_logs_once on webhook_logs (event_id, endpoint_id);

alter table webhook_attempts add column request_headers json;

-- Some events are not about a payment.
alter table events alter column payment_id drop not null, alter column sequence drop not null,
                   alter column to_state drop not null;
create index events_newest on events (merchant_id, created_at desc, id desc);
