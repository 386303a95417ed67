#!/bin/sh
# Runs a command beside a private PostgreSQL, which is stopped and removed after:
#
#	scripts/pgtest.sh go test ./internal/db/
#
# The command finds the server's address in AVAL_TEST_POSTGRES, or there the path
# of a file that holds it: a path that is the same from run to run, so that go test
# knows again what has passed and did not change since. With that already set, the
# command runs with the server it names. Without a command, the server stays until
# the script is interrupted.
set -eu

fail() {
	echo "pgtest: $*" >&2
	exit 1
}

if [ -n "${AVAL_TEST_POSTGRES:-}" ] && [ $# -gt 0 ]; then
	exec "$@"
fi

newest() {
	for d in $(ls -d /usr/lib/postgresql/*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql*/bin 2>/dev/null | sort -V -r); do
		if [ -x "$d/initdb" ] && [ -x "$d/postgres" ]; then
			echo "$d"
			return
		fi
	done
	if command -v initdb >/dev/null 2>&1; then
		dirname "$(command -v initdb)"
	fi
}

fetch() {
	command -v apt-get >/dev/null 2>&1 || fail "PostgreSQL is not installed, and there is no apt-get to install it with."
	sudo=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null 2>&1 || fail "PostgreSQL is not installed, and installing it takes root or sudo."
		sudo="sudo -n"
	fi
	# The package may start a server of its own; ours is apart from it. sudo
	# hands no variable on, and a machine that just started may be updating itself.
	apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300"
	{ $apt install -y --no-install-recommends postgresql ||
		{ $apt update && $apt install -y --no-install-recommends postgresql; }; } \
		>&2 || fail "PostgreSQL is not installed, and installing the package postgresql did not work."
}

bin=$(newest)
if [ -z "$bin" ]; then
	fetch
	bin=$(newest)
	[ -n "$bin" ] || fail "the package postgresql was installed, but its programs are nowhere to be found."
fi

version=$("$bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
[ "$version" -ge 15 ] || fail "PostgreSQL $version is too old; 15 or later is needed."

# In memory where there is room: each test makes a database and drops it.
where=${TMPDIR:-/tmp}
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print int($4 / 1048576) }')" -ge 4 ]; then
	where=/dev/shm
fi
dir=$(mktemp -d "$where/aval-pgtest.XXXXXX")
# PostgreSQL refuses to run as root.
as=
if [ "$(id -u)" = 0 ]; then
	id postgres >/dev/null 2>&1 || fail "PostgreSQL does not run as root, and there is no user postgres to run it as."
	as="runuser -u postgres --"
	chown postgres "$dir"
	if ! $as test -w "$dir"; then # a temporary folder that is root's alone
		rmdir "$dir"
		dir=$(mktemp -d /tmp/aval-pgtest.XXXXXX)
		chown postgres "$dir"
	fi
fi

waiting=
slot=
cleanup() {
	trap - EXIT INT TERM
	[ -z "$waiting" ] || kill "$waiting" 2>/dev/null || true
	(cd / && $as "$bin/pg_ctl" -D "$dir/data" -m immediate stop) >/dev/null 2>&1 || true
	rm -rf "$dir"
	[ -z "$slot" ] || rm -f "$slot" "$slot.pid"
}
trap cleanup EXIT
trap 'cleanup; exit 130' INT
trap 'cleanup; exit 143' TERM

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && printf '%s\n' "$password" >"$dir/password")
[ -z "$as" ] || chown postgres "$dir/password"
(cd "$dir" && $as "$bin/initdb" -D "$dir/data" -U aval_owner --pwfile="$dir/password" \
	-A scram-sha-256 -E UTF8 --locale=C.UTF-8 --lc-collate=C --no-sync) >"$dir/initdb.log" 2>&1 || {
	cat "$dir/initdb.log" >&2
	fail "initdb did not make a database."
}
rm -f "$dir/password"

a_port() {
	# Any of them; where somebody listens already, the server does not start and the next try has another.
	od -An -N2 -tu2 /dev/urandom | awk '{ print 20000 + $1 % 12000 }'
}

started=
for _ in 1 2 3 4 5 6 7 8; do
	port=$(a_port)
	if (cd "$dir" && $as "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -s -w -t 30 -o "\
-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' \
-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 \
-c max_connections=300 -c shared_buffers=128MB -c max_wal_size=512MB -c autovacuum=off -c timezone=UTC -c jit=off" start) \
		>/dev/null 2>&1; then
		started=1
		break
	fi
done
[ -n "$started" ] || {
	tail -n 20 "$dir/data/server.log" >&2 || true
	fail "PostgreSQL did not start."
}

AVAL_TEST_POSTGRES="postgres://aval_owner:$password@127.0.0.1:$port/postgres?sslmode=disable"
export AVAL_TEST_POSTGRES
echo "pgtest: $AVAL_TEST_POSTGRES" >&2

# This folder's own place for the address, ours alone; taken by one run at a time.
remember() {
	ours=/tmp/aval-pgtest-$(id -u)
	mkdir -m 700 "$ours" 2>/dev/null || { [ -d "$ours" ] && [ ! -L "$ours" ] && [ -O "$ours" ]; } || return 0
	place=$ours/$(pwd | cksum | cut -d' ' -f1)
	[ ! -f "$place.pid" ] || ! kill -0 "$(cat "$place.pid")" 2>/dev/null || return 0
	slot=$place
	echo $$ >"$slot.pid"
	(umask 077 && printf '%s' "$AVAL_TEST_POSTGRES" >"$slot")
	AVAL_TEST_POSTGRES=$slot
}
if [ $# -gt 0 ]; then
	remember
	status=0
	"$@" || status=$?
	exit "$status"
fi
echo "pgtest: interrupt to stop it" >&2
while :; do
	sleep 3600 &
	waiting=$!
	wait "$waiting"
done
