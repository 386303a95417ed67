#!/usr/bin/env bash
# Runs golangci-lint at the given version, built from source where it is absent.
set -euo pipefail
version=$1
bin=$(go env GOPATH)/bin/golangci-lint
if ! "$bin" version 2>/dev/null | grep -q " $version "; then
	(cd / && go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$version")
fi
exec "$bin" run --allow-parallel-runners ./...
