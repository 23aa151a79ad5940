-- What happened before there were rollups is added up.
do $function$ begin perform rollup_add(0, 1); end $function$;
