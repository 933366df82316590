#!/usr/bin/env bash
# in: gate
# proves: the database keeps the log, the audit and the walls between tenants, whoever writes at the same time

. "$(dirname "$0")/checks.sh"

need_stores
need_packages postgresql-client-15 python3
TESTS=Tests/Schema
export PGOPTIONS=-cclient_min_messages=warning
start_postgres schema

at() { echo "postgresql://$1@/$2?host=${STORE_FOLDER[schema]}"; } # ROLE DATABASE
sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$(at "$1" "$2")" "${@:3}"; } # ROLE DATABASE OPTION…

# As the migration runner does it: each file in one transaction, by the owner, who is no superuser.
migrate() { # DATABASE [ROLE]
    local file
    for file in Sources/PGStore/Migrations/[0-9]*.sql; do sql "${2:-hotel_owner}" "$1" -1 -f "$file" || return; done
}

migrations_are_numbered() {
    local file n=0
    for file in Sources/PGStore/Migrations/*; do
        [[ ${file##*/} != ledger.sql ]] || continue # the table in which the runner remembers: it is no step
        n=$((n + 1))
        [[ ${file##*/} =~ ^$(printf "%04d" "$n")_[a-z_]+\.sql$ ]] || { say "$file is not number $n" && return 1; }
        if grep -niE '^[[:space:]]*(begin|commit|rollback|\\[a-z])' "$file" | grep -viE ':begin$'; then
            say "$file: the runner sends it, within its transaction" && return 1
        fi
    done
    ((n > 0))
}

an_empty_database_is_migrated() {
    sql postgres postgres -c 'create role hotel_owner login createrole' -c 'create database hotel owner hotel_owner'
    migrate hotel
    sql postgres postgres -c 'create role clerk login in role bellhop_node' -c 'alter database hotel is_template true'
}

# Another database of the same server, by an owner who may not make roles: the group is there already.
another_database_is_migrated() {
    sql postgres postgres -c 'create role other_owner login' -c 'create database other owner other_owner'
    migrate other other_owner
    sql postgres postgres -c 'drop database other' -c 'drop role other_owner'
}

with_a_hotel() { # COMMAND…: the command with a new database as its last argument, a superuser's URI
    local status=0
    sql postgres postgres -c 'drop database if exists test' -c 'create database test template hotel'
    "$@" "$(at postgres test)" || status=$?
    sql postgres postgres -c 'drop database test with (force)'
    return "$status"
}

run_test() { psql -X -q -At -f "$1" "$2"; } # FILE URI

# The plans, as PostgreSQL tells them when it runs.
explain() { psql -X -q -At -f "$TESTS/replay.sql" "$1" >"$LOGS/plans" 2>&1 || { cat "$LOGS/plans" && return 1; }; }

plan_of() { sed -n "/^$1\$/,/^[A-Z]*\$/p" "$LOGS/plans"; } # TITLE

says() { grep -qE -- "$2" <(plan_of "$1") || { say "no line like: $2" && plan_of "$1" && return 1; } } # TITLE PATTERN

replays_prune() {
    local month
    month=event_$(date -u +%Y_%m)
    says REPLAY 'Subplans Removed: 2$'
    says REPLAY "Index Scan using ${month}_pkey"
    says REPLAY 'Index Cond: .*stream = .*seq > .*seq <= .*recorded_at >='
    ! plan_of REPLAY | grep -E 'Seq Scan on event_2|event_2025'
}

log_in_by_index() {
    says LOGIN 'Index Scan using app_user_email'
    says LOGIN 'using user_session_of_user'
    says SESSION 'Index Scan using user_session_family_hash_key'
}

work_by_index() {
    says TIMERS 'Index Scan using timer_by_readiness'
    says HEADS 'Index Scan using stream_head_pkey'
    says CLEANING 'Index Scan using operation_by_age'
    says CLEANING 'Index Scan using user_session_by_expiry'
}

check "migrations are numbered and leave the transaction to the runner" migrations_are_numbered
check "an empty database is migrated by an owner who is no superuser" an_empty_database_is_migrated
check "another database of the same server is migrated too" another_database_is_migrated
for file in "$TESTS"/*.sql; do
    sentence=$(sed -n 's/^-- proves: *//p' "$file" | head -n 1)
    [[ -z $sentence ]] || check "$sentence" with_a_hotel run_test "$file"
done
check "under concurrent writers seq has no gap at any moment, and the chain holds" \
    with_a_hotel python3 "$TESTS/concurrent.py" writers
check "a repeat waits for the first attempt and gets its result" \
    with_a_hotel python3 "$TESTS/concurrent.py" repeat_after_commit
check "a repeat of an attempt that failed is the first" \
    with_a_hotel python3 "$TESTS/concurrent.py" repeat_after_rollback
check "a timer is claimed by one of those who try at the same time" with_a_hotel python3 "$TESTS/concurrent.py" claimers
check "months are made while commands are open" with_a_hotel python3 "$TESTS/concurrent.py" partitions
check "the functions that cross can be explained" with_a_hotel explain
check "a replay reads an index and leaves out the months before" replays_prune
check "logging in and coming back read indexes" log_in_by_index
check "polling for heads and work reads indexes" work_by_index
score
