#!/usr/bin/env bash
# bench/run.sh [--traces DIR] [--rounds N]: runs the engine jobs beside yjs, alternating, and prints medians and ratios.
# DIR holds recordings as NAME.json.gz (sequential ones); without it a generated session is used.
set -euo pipefail
cd "$(dirname "$0")/.."
traces='' rounds=5
while [ $# -gt 0 ]; do
  case "$1" in
    --traces) traces=${2:?--traces needs a folder}; shift 2 ;;
    --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
    *) printf 'usage: bench/run.sh [--traces DIR] [--rounds N]\n' >&2; exit 2 ;;
  esac
done
work=build/bench/traces
mkdir -p "$work"
names=()
if [ -n "$traces" ]; then
  for name in automerge-paper sveltecomponent; do
    [ -f "$traces/$name.json.gz" ] || { printf 'bench: %s has no %s.json.gz\n' "$traces" "$name" >&2; continue; }
    gzip -dc "$traces/$name.json.gz" > "$work/$name.json"
    names+=("$name")
  done
else
  printf 'bench: no --traces DIR given: using a generated editing session\n'
  node bench/generate_trace.mjs 100000 > "$work/generated.json"
  names=(generated)
fi
[ ${#names[@]} -gt 0 ] || { printf 'bench: nothing to run\n' >&2; exit 1; }

printf 'machine: %s; node %s; %s\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(node --version)" "$(g++ --version | head -n 1)"
for name in "${names[@]}"; do
  for job in local_update load_v1; do
    results=$work/$name.$job.jsonl
    : > "$results"
    for ((round = 0; round < rounds; round++)); do
      build/bench/bench/bench_engine "$work/$name.json" "$job" 1 | sed 's/^/syncline /' >> "$results"
      node bench/yjs_engine.mjs "$work/$name.json" "$job" 1 | sed 's/^/yjs /' >> "$results"
    done
    node bench/report.mjs "$name" "$job" < "$results"
  done
done
