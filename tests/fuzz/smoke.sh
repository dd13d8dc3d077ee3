#!/bin/sh
# Runs a fuzz target for a short while: smoke.sh TARGET SEEDS [DICTIONARY]. New inputs go to a
# temporary corpus; an input that breaks something is kept in the build folder and named in the
# output.
# libFuzzer's own exit code for a crash, 77, is what Meson takes for a test that was skipped.
#   MARU_FUZZ_SECONDS     how long, 20 by default
#   MARU_FUZZ_ARTIFACTS   where inputs that break something are kept
set -eu
target=$1
seeds=$2
dictionary=${3:-}
name=$(basename "$target")

if [ -z "$(ls "$seeds")" ]; then
    echo "$seeds: no seeds" >&2
    exit 1
fi
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT INT TERM

UBSAN_OPTIONS=print_stacktrace=1 "$target" \
    -max_total_time="${MARU_FUZZ_SECONDS:-20}" \
    ${dictionary:+"-dict=$dictionary"} -error_exitcode=1 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="${MARU_FUZZ_ARTIFACTS:-.}/$name-" \
    "$corpus" "$seeds"
