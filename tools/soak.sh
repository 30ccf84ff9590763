#!/usr/bin/env bash
# tools/soak.sh [--seeds N] [--minutes N] [--jobs N] [NAME…]: the randomized tests and the fuzzers, for long.
#
# Each fuzzer runs for --minutes (default 10) under AddressSanitizer and UBSan, each comparison with yjs for --seeds (default
# 10000), each test whose budget is a time for --minutes; --jobs (default 1) at a time. NAME: only those whose name contains it.
# What each printed stays in build/soak/NAME.log; at the end a line for each, and exit 1 where one failed.
set -euo pipefail
cd "$(dirname "$0")/.."
usage() {
  printf 'usage: make soak ARGS="[--seeds N] [--minutes N] [--jobs N] [NAME…]"\n' >&2
  exit 2
}
seeds=10000 minutes=10 jobs=1 names=()
while [ $# -gt 0 ]; do
  case "$1" in
    --seeds | --minutes | --jobs)
      [[ "${2:-}" =~ ^[1-9][0-9]*$ ]] || usage
      printf -v "${1#--}" %s "$2"
      shift 2
      ;;
    -*) usage ;;
    *) names+=("$1"); shift ;;
  esac
done

make --no-print-directory dev release
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$(nproc)"

# One line a job: its name, then its command.
rm -rf build/soak
mkdir -p build/soak build/fuzz/corpus
plan=build/soak/plan
for fuzzer in build/fuzz/fuzz/fuzz_*; do
  [ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
  name=$(basename "$fuzzer")
  mkdir -p "build/fuzz/corpus/$name"
  printf '%s %s -max_total_time=%d -print_final_stats=1 -artifact_prefix=build/fuzz/%s- build/fuzz/corpus/%s fuzz/corpus/%s\n' \
    "$name" "$fuzzer" $((minutes * 60)) "$name" "$name" "${name#fuzz_}"
done >"$plan"
for test in yjs_lockstep yjs_swarm yjs_undo yjs_updates editor_codemirror editor_prosemirror editor_quill; do
  printf '%s node tests/property/%s.mjs build/release/syncline\n' "$test" "$test"
done >>"$plan"
# As in `make test`: damaged updates differ in listed ways (tests/conformance/README.md).
printf 'differ node tests/conformance/differ.mjs build/release/syncline --groups format,xml,v2,undo,position,snapshot,subdoc\n' >>"$plan"
for test in RandomPrograms Simulation; do
  printf '%s ctest --test-dir build/dev -R ^%s\\. -V --timeout %d\n' "$test" "$test" $((minutes * 60 + 600))
done >>"$plan"
if [ ${#names[@]} -gt 0 ]; then
  grep -E "^[^ ]*($(IFS='|'; echo "${names[*]}"))" "$plan" >"$plan.chosen" || { printf 'soak: nothing has such a name\n' >&2; exit 2; }
  mv "$plan.chosen" "$plan"
fi

export SYNCLINE_FIRST_SEED=${SYNCLINE_FIRST_SEED:-1}
export SYNCLINE_SEEDS=$seeds SYNCLINE_PROPERTY_SECONDS=$((minutes * 60)) SYNCLINE_SIM_SECONDS=$((minutes * 60))
soak_one() {
  local name=$1 started=$SECONDS log=build/soak/$1.log result=passed
  shift
  "$@" >"$log" 2>&1 || result=FAILED
  # What it did, in its own words.
  printf '%-20s %s, %d s: %s\n' "$name" "$result" $((SECONDS - started)) \
    "$(grep -E 'number_of_executed_units|seeds (passed|from|[0-9])|requests' "$log" | tail -1 | sed 's/^[0-9]*: //; s/stat::number_of_executed_units: */runs /')"
  [ "$result" = passed ]
}
export -f soak_one
xargs -P "$jobs" -L 1 bash -c 'soak_one "$@"' soak <"$plan"
