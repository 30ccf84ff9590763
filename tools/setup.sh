#!/usr/bin/env bash
# Installs what Syncline is built and tested with, on Debian 12. Does nothing, and needs no network, where all is there.
#
#   tools/setup.sh build   what `make build` and `make demo` need
#   tools/setup.sh test    that, and what `make test`, `make check` and `make soak` need
#   tools/setup.sh bench   what `make build` needs, and all npm packages, the rivals of `make bench` among them
set -euo pipefail
cd "$(dirname "$0")/.."

build_packages=(g++ cmake ninja-build libboost1.81-dev libsqlite3-dev libcli11-dev zlib1g-dev)
test_packages=(ccache mold libgtest-dev librapidcheck-dev clang-19 lld-19 clang-format-19
               clang-tidy-19 libclang-rt-19-dev chromium procps valgrind)

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

case "${1:-}" in
  build) packages=("${build_packages[@]}") ;;
  test) packages=("${build_packages[@]}" "${test_packages[@]}") ;;
  bench) packages=("${build_packages[@]}") ;;
  *) printf 'usage: %s build|test|bench\n' "$0" >&2; exit 2 ;;
esac
# Node may come from elsewhere, and Debian's npm cannot be installed beside it: ask the path, not dpkg.
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null ||
    fail "no apt-get here; install by your own means, then run this again: ${missing[*]}"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "needs root or sudo to install: ${missing[*]}"
    as_root=(sudo)
  fi
  printf 'setup: installing %s\n' "${missing[*]}"
  install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends)
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  # The package lists may be old or absent: refresh them only where installing without that fails.
  if ! "${install[@]}" "${missing[@]}" >"$log" 2>&1; then
    if ! { "${as_root[@]}" apt-get update -q && "${install[@]}" "${missing[@]}"; } >"$log" 2>&1; then
      tail -n 15 "$log" >&2
      fail "apt could not install: ${missing[*]} (is this Debian 12, and is its package mirror reachable?)"
    fi
  fi
fi

node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 18 ] || fail "node $(node --version) is too old: 18 or newer is needed to build the demo page"

# npm packages, by the lock file; again only when it changed. The demo needs no test tools.
workspaces=(--workspace clients/js --workspace web)
stamps=(node_modules/.syncline-build node_modules/.syncline-test node_modules/.syncline-bench)
if [ "$1" != build ]; then
  workspaces+=(--workspace tests/e2e --workspace tests/editors)
  stamps=("${stamps[@]:1}")
fi
if [ "$1" = bench ]; then
  workspaces+=(--workspace bench)
  stamps=("${stamps[@]:1}")
fi
for stamp in "${stamps[@]}"; do
  if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then exit 0; fi
done
printf 'setup: installing npm packages\n'
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "${workspaces[@]}" --include-workspace-root >&2 ||
  fail "npm ci failed (is the npm registry reachable?)"
rm -f node_modules/.syncline-*
cp package-lock.json "node_modules/.syncline-$1"
