-- transactional: false
-- What happened before there were rollups is added up, a merchant at a time: nothing is there of one yet whose turn has
-- not come, so that what was stopped goes on with the next one.
do $function$
declare
    one uuid;
begin
    for one in select id from merchants m where not exists (select from event_counts where merchant_id = m.id) loop
        perform rollup_add(0, 1, one);
        commit;
    end loop;
end
$function$;
