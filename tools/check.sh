#!/usr/bin/env bash
# tools/check.sh: format, layers and lint. `tools/check.sh fix` reformats instead of complaining.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t cpp < <(git ls-files '*.cpp' '*.hpp')

if [ "${1:-}" = fix ]; then
  clang-format-19 -i "${cpp[@]}"
  exit
fi

echo "check: format"
clang-format-19 --dry-run -Werror "${cpp[@]}"

echo "check: layers"
cmake -P tests/tidy/check_layers.cmake

echo "check: lint"
cmake --preset tidy >/dev/null
mapfile -t sources < <(git ls-files 'src/*.cpp' 'apps/*.cpp')
printf '%s\n' "${sources[@]}" |
  xargs -P "$(nproc)" -n 4 clang-tidy-19 -p build/tidy --quiet --warnings-as-errors='*' 2> >(grep -v 'warnings generated' >&2 || true)

echo "check: types of the JavaScript parts"
npm run --silent typecheck --workspace clients/js --workspace web
