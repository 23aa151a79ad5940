-- transactional: false
-- An index of an expression says nothing of what is in it before its table is looked at, which a large one is seldom:
-- until then a search for a VPA or four digits that few payments have goes through all of a merchant's. Nobody waits.
set lock_timeout = 0;

analyze payments;
analyze events;
analyze ledger_transactions;
analyze webhook_logs;
