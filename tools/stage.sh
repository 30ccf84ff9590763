#!/usr/bin/env bash
# tools/stage.sh NAME COMMAND…: runs one stage and says how many seconds it took, pass or fail.
set -u
name=$1; shift
started=$SECONDS
"$@"
status=$?
printf -- '--- %s: %d s%s\n' "$name" $((SECONDS - started)) "$([ $status -eq 0 ] || echo " (failed, status $status)")"
exit $status
