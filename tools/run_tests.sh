#!/usr/bin/env bash
# tools/run_tests.sh BUILD_DIR [CTEST ARGUMENT…]: runs ctest and ends in the line `N passed, N failed`.
# A run that executed no test fails.
set -u
build=$(realpath "$1"); shift
report=$build/test-report.xml
rm -f "$report"
ctest --test-dir "$build" --output-on-failure --no-tests=error --output-junit "$report" --timeout 600 "$@"
status=$?
count() { sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$report" 2>/dev/null | head -n 1; }
total=$(count tests) failed=$(count failures) skipped=$(count skipped)
: "${total:=0}" "${failed:=0}" "${skipped:=0}"
passed=$((total - failed - skipped))
if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then
  printf 'no test was run\n' >&2
  status=1
fi
printf '%d passed, %d failed' "$passed" "$failed"
[ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped"
printf '\n'
exit $status
