-- Figures that stay quick at any size: what happened is added up now and then, and only what happened since is counted
-- when somebody asks. Which rows those are is told by the number of the transaction that wrote them, not by a time:
-- everything below the oldest transaction that still runs is there to be seen, whenever it began and by any clock.

-- Rows from before this have 0.
alter table events add column xid bigint not null default 0;
alter table events alter column xid set default (pg_current_xact_id()::text::bigint);
alter table ledger_transactions add column xid bigint not null default 0;
alter table ledger_transactions alter column xid set default (pg_current_xact_id()::text::bigint);

-- What was written by a transaction below `through` is added up. `xid_offset` is added to the server's own numbers, which
-- begin anew when a database is restored on another server.
create table rollup_mark (
    only_one   boolean     primary key default true check (only_one),
    through    bigint      not null,
    xid_offset bigint      not null default 0,
    folded_at  timestamptz not null default now()
) with (fillfactor = 50);

insert into rollup_mark (through) values (pg_snapshot_xmin(pg_current_snapshot())::text::bigint);

-- Of each merchant, by half hour and by day in UTC: half hours, since India's midnight is at 18:30. A point is a half hour
-- without its methods and reasons: what a curve is drawn of, from few rows. A payment counts when it was made, whenever
-- its outcome came; a refund when the bank processed it, and less when it comes back.
create table payment_figures (
    merchant_id uuid        not null,
    span        text        not null check (span in ('half_hour', 'day', 'point')),
    at          timestamptz not null,
    figure      text        not null,  -- made, succeeded, failed, took, refunded
    currency    text        not null,
    method      text        not null,
    detail      text        not null,  -- of failed the reason, of took the step on a scale of seconds
    count       bigint      not null,
    amount      bigint      not null,
    primary key (merchant_id, span, at, figure, currency, method, detail)
) with (fillfactor = 80);

create table ledger_sums (
    merchant_id uuid   not null,
    currency    text   not null,
    account     text   not null,
    amount      bigint not null,
    primary key (merchant_id, currency, account)
) with (fillfactor = 80);

create table event_counts (
    merchant_id uuid   primary key,
    count       bigint not null
) with (fillfactor = 80);

-- What a row of the tables that are only added to adds to the figures. A step of `took` is a tenth of a power of ten:
-- 0 begins at one second, 10 at ten. Payments are looked up one by one (`limit 1` sees to it): few facts are asked for,
-- of many payments.
create view payment_facts as
select e.xid, e.merchant_id, p.created_at as at, f.figure, p.currency, p.method, f.detail, 1::bigint as count, f.amount
  from events e
 cross join lateral (select * from payments where id = e.payment_id limit 1) p
 cross join lateral (values
           (case e.type when 'payment.created' then 'made' when 'payment.success' then 'succeeded' else 'failed' end,
            case e.type when 'payment.failed' then coalesce(p.error_reason, lower(p.error_code), 'unknown') else '' end,
            p.amount),
           (case when e.type <> 'payment.created' then 'took' end,
            least(greatest(floor(10 * log(greatest(extract(epoch from e.created_at - p.created_at), 0.001)::float8)),
                           -30), 70)::int::text,
            0)) as f (figure, detail, amount)
 where e.type in ('payment.created', 'payment.success', 'payment.failed') and f.figure is not null
 union all
select t.xid, t.merchant_id, t.created_at, 'refunded', t.currency, p.method, '', sign(n.amount)::bigint, n.amount
  from ledger_transactions t
 cross join lateral (select amount from ledger_entries where transaction_id = t.id and account = 'acquirer' limit 1) n
 cross join lateral (select method from payments where id = t.payment_id limit 1) p
 where t.kind in ('refund_processed', 'refund_returned');

-- Adds what was written by transactions from `low` up to, but not with, `high`: of all merchants, or of one.
create function rollup_add(low bigint, high bigint, only_of uuid default null) returns void language sql as $function$
    with of_merchants as (select id from merchants where only_of is null or id = only_of),
    counted as (
        insert into payment_figures as held (merchant_id, span, at, figure, currency, method, detail, count, amount)
        select f.merchant_id, s.span, s.at, f.figure, f.currency, s.method, s.detail, sum(f.count), sum(f.amount)
          from of_merchants m
         cross join lateral (
                   select * from payment_facts p where p.merchant_id = m.id and p.xid >= low and p.xid < high) f
         cross join lateral (select date_bin('30 minutes', f.at, 'epoch'), date_trunc('day', f.at, 'UTC')) b (half_hour, day)
         cross join lateral (values ('half_hour', b.half_hour, f.method, f.detail), ('day', b.day, f.method, f.detail),
                                    ('point', b.half_hour, '', case f.figure when 'took' then f.detail else '' end)
                            ) s (span, at, method, detail)
         group by f.merchant_id, s.span, s.at, f.figure, f.currency, s.method, s.detail
            on conflict (merchant_id, span, at, figure, currency, method, detail) do update
           set count = held.count + excluded.count, amount = held.amount + excluded.amount
    ),
    booked as (
        insert into ledger_sums as held (merchant_id, currency, account, amount)
        select t.merchant_id, t.currency, n.account, sum(n.amount)
          from of_merchants m
         cross join lateral (
                   select * from ledger_transactions l
                    where l.merchant_id = m.id and l.xid >= low and l.xid < high) t
          join ledger_entries n on n.transaction_id = t.id
         group by t.merchant_id, t.currency, n.account
            on conflict (merchant_id, currency, account) do update set amount = held.amount + excluded.amount
    )
    insert into event_counts as held (merchant_id, count)
    select m.id, count(*)
      from of_merchants m
     cross join lateral (select from events e where e.merchant_id = m.id and e.xid >= low and e.xid < high) e
     group by m.id
        on conflict (merchant_id) do update set count = held.count + excluded.count;
$function$;

-- Adds up what has been written for good since the last time, of each merchant `most` events at the most, and says how
-- many transactions are left. Of two at once the second waits, and goes on where the first one ended.
create function rollup_fold(most integer) returns bigint language plpgsql as $function$
declare
    low  bigint;
    high bigint;
    last bigint;
    step bigint;
begin
    select through, pg_snapshot_xmin(pg_current_snapshot())::text::bigint + xid_offset into low, last
      from rollup_mark for no key update;
    select min(e.xid) into step
      from merchants m
     cross join lateral (select xid from events where merchant_id = m.id and xid >= low
                          order by xid offset most limit 1) e;
    high := case when step > low then least(step, last) else last end;
    if high > low then
        perform rollup_add(low, high);
        update rollup_mark set through = high, folded_at = now();
        return last - high;
    end if;
    update rollup_mark set folded_at = now();
    return 0;
end
$function$;

-- Begins anew, from all the rows there are.
create function rollup_rebuild() returns void language plpgsql as $function$
declare
    high bigint;
begin
    select pg_snapshot_xmin(pg_current_snapshot())::text::bigint + xid_offset into high
      from rollup_mark for no key update;
    delete from payment_figures;
    delete from ledger_sums;
    delete from event_counts;
    perform rollup_add(0, high);
    update rollup_mark set through = high, folded_at = now();
end
$function$;

-- On a server that numbers transactions from lower on than the one these rows were written by: lets ours go on above.
create function rollup_rebase() returns boolean language plpgsql as $function$
declare
    newest bigint;
    own    bigint := pg_current_xact_id()::text::bigint;
    raised bigint;
begin
    select greatest(through, (select max(l.xid) from merchants m cross join lateral (
                                  (select xid from events where merchant_id = m.id order by xid desc limit 1)
                                  union all
                                  (select xid from ledger_transactions where merchant_id = m.id order by xid desc limit 1)
                              ) l)),
           xid_offset
      into newest, raised from rollup_mark for no key update;
    if newest <= own + raised then
        return false;
    end if;
    raised := newest - own + 1;
    update rollup_mark set xid_offset = raised;
    execute format('alter table events alter column xid set default (pg_current_xact_id()::text::bigint + %s)', raised);
    execute format('alter table ledger_transactions alter column xid set default (pg_current_xact_id()::text::bigint + %s)',
                   raised);
    return true;
end
$function$;

-- When each schedule was last run, and how that ended.
create table schedule_runs (
    name    text        primary key,
    ran_at  timestamptz not null,
    seconds float8      not null,
    error   text
) with (fillfactor = 50);

-- What the queues were like, each minute.
create table job_samples (
    at         timestamptz not null,
    kind       text        not null,
    completed  bigint      not null,  -- ever
    pending    bigint      not null,
    processing bigint      not null,
    dead       bigint      not null,
    primary key (at, kind)
);

-- The newest calls that a merchant's programs made. Bodies are masked before they come here.
create table api_requests (
    id          uuid        primary key default gen_random_uuid(),
    merchant_id uuid        not null,
    created_at  timestamptz not null,
    method      text        not null,
    path        text        not null,
    status      integer     not null,
    duration_ms integer     not null,
    request_id  text        not null,
    address     text        not null,
    user_agent  text        not null,
    api_key     text,
    subject     text,       -- the id of what was made, or asked for
    body        text        -- at most 4 KB
);

create index api_requests_newest on api_requests (merchant_id, created_at desc, id desc);
