#!/usr/bin/env bash
# tools/soak.sh [--minutes N]: the randomized tests, one by one, and the fuzzers, in equal shares of N minutes (default 60).
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=60
while [ $# -gt 0 ]; do
  case "$1" in
    --minutes) minutes=${2:?--minutes needs a number}; shift 2 ;;
    *) printf 'usage: make soak ARGS="--minutes N"\n' >&2; exit 2 ;;
  esac
done

make --no-print-directory dev
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$(nproc)"
mapfile -t fuzzers < <(find build/fuzz/fuzz -maxdepth 1 -type f -executable | sort)
[ ${#fuzzers[@]} -gt 0 ] || { printf 'soak: no fuzz target was built\n' >&2; exit 1; }
tests=$(ctest --test-dir build/dev -N -L 'property|sim' | sed -n 's/^Total Tests: //p')
share=$((minutes * 60 / (${#fuzzers[@]} + tests)))

SYNCLINE_PROPERTY_SECONDS=$share SYNCLINE_SIM_SECONDS=$share \
  tools/run_tests.sh build/dev -L 'property|sim' --timeout $((share * 2 + 120)) -V
for fuzzer in "${fuzzers[@]}"; do
  name=$(basename "$fuzzer")
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  printf -- '--- %s for %d s\n' "$name" "$share"
  "$fuzzer" -max_total_time="$share" -print_final_stats=1 -artifact_prefix="build/fuzz/" "$corpus" "fuzz/corpus/$name"
done
