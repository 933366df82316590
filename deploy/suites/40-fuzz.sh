#!/usr/bin/env bash
# in: gate long
# proves: random and mutated bytes find no crash, leak or hang in the parsers (5 s each; long: 60 s)

. "$(dirname "$0")/checks.sh"

need_libraries
need_swift
seconds=${GATE_LONG:+60}
seconds=${seconds:-5}
# What a run finds is kept here and is where the next one starts; the corpus in the tree stays as committed.
FOUND=$STATE/fuzz
export FUZZ=1
# swiftc heeds only the last of several -sanitize flags: without the joined one there would be no coverage to steer by.
flags=(-c release --sanitize=fuzzer --sanitize=address -Xswiftc -sanitize=fuzzer,address --scratch-path .build/fuzz)

fuzz() { # TARGET
    local target=$1 program found=$FOUND/$1 features
    program=$(swift build "${flags[@]}" --show-bin-path)/Fuzz$target
    mkdir -p "$found"
    "$program" "$found" "Tests/Fuzz/$target/corpus" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$found-" >"$LOGS/$target.log" 2>&1 || {
        tail -n 60 "$LOGS/$target.log"
        return 1
    }
    # A target that never reaches the code that it is for finds nothing, too.
    features=$(sed -n 's/.* ft: \([0-9]*\) .*/\1/p' "$LOGS/$target.log" | tail -n 1)
    ((${features:-0} >= 100)) || { say "only ${features:-0} features covered: is the target wired?" && return 1; }
}

for folder in Tests/Fuzz/*/; do
    target=$(basename "$folder")
    check "Fuzz$target builds" swift build "${flags[@]}" --product "Fuzz$target"
    check "Fuzz$target finds nothing in $seconds s" fuzz "$target"
done
score
