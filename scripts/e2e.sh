#!/usr/bin/env bash
# Runs the browser suite against the built program: a demo of its own on a free
# port, Debian's Chromium. Installs the browser where it is absent.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v chromium >/dev/null; then
	run=""
	[ "$(id -u)" = 0 ] || run=sudo
	$run apt-get update -qq && $run apt-get install -y -qq --no-install-recommends chromium >/dev/null || {
		echo "e2e: Chromium is not installed and could not be; install the package chromium." >&2
		exit 1
	}
fi
(cd e2e && npm ci --no-audit --no-fund --silent)
work=$(mktemp -d)
pid=""
cleanup() {
	[ -z "$pid" ] || { kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; }
	rm -rf "$work"
}
trap cleanup EXIT
cp bin/aval "$work/aval"
(cd "$work" && exec ./aval demo >"$work/out" 2>"$work/err") &
pid=$!
for _ in $(seq 1 600); do
	grep -q '^ready ' "$work/out" 2>/dev/null && break
	kill -0 "$pid" 2>/dev/null || { echo "e2e: the demo did not start:" >&2; cat "$work/err" >&2; exit 1; }
	sleep 0.2
done
grep -q '^ready ' "$work/out" || { echo "e2e: the demo was not ready after two minutes" >&2; exit 1; }
AVAL_DEMO="$work/demo.json" node --test --test-reporter=spec e2e/*.test.mjs
