# make demo   build, make a throw-away board, serve it
# make check  the quick part, before each commit
# make test   everything; installs what it needs from the system's packages
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

GOLANGCI := 2.15.0
RACE := -race -gcflags='modernc.org/...=-race=false'
ASSETS := internal/web/assets
LDFLAGS := -s -w
# Tests are linked without what debuggers read, which takes half the time, and
# collect garbage less often; lint has vetted them.
TEST := GOGC=400 scripts/pgtest.sh go test -vet=off -ldflags=-w

# What the tag long takes further than make check did: more engines, more policies, more sequences.
LONG := NoSecretIsLeft|NoSequenceLeavesThePath|NobodyDoesWhatNoRowLetsThem|OneBoardNeverSeesAnother|EachField|EveryPageRestsOnARow|EveryCitedClause|AConfidentialReport|NoNameLeavesItsPlace|EverySealedTable

# Walks through every door and readings of large sets do one thing after the other: nothing for the race detector.
ALONE := NoSequenceLeavesThePath|NobodyDoesWhatNoRowLetsThem|OneBoardNeverSeesAnother|EachFieldOfAForm|EveryPageRestsOnARow|EveryCitedClause|HostileSets|AMillionDefects

.PHONY: build demo check test assets templ lint stories e2e bench clean

build: assets ## bin/aval
	go build -ldflags '$(LDFLAGS)' -o bin/aval ./cmd/aval

demo: build
	bin/aval demo

assets: $(ASSETS)/dist/manifest.json

$(ASSETS)/node_modules: $(ASSETS)/package-lock.json
	cd $(ASSETS) && npm ci --no-audit --no-fund --silent && touch node_modules

$(ASSETS)/dist/manifest.json: $(ASSETS)/node_modules $(ASSETS)/build.mjs $(ASSETS)/pictures.LICENSE internal/pseudonym/pictures.txt $(wildcard $(ASSETS)/css/*.css $(ASSETS)/js/*.js internal/web/*.templ internal/web/ui/*.templ internal/web/*.go)
	cd $(ASSETS) && node build.mjs

templ: ## generated pages are committed; making them again must change nothing
	@before=$$(find internal -name '*_templ.go' | sort | xargs sha256sum); \
	go tool templ generate -log-level error; \
	after=$$(find internal -name '*_templ.go' | sort | xargs sha256sum); \
	[ "$$before" = "$$after" ] || { echo 'templ: generated pages changed; look at them and run again'; exit 1; }

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt wants: $$(gofmt -l $$(git ls-files '*.go'))"; exit 1; }
	go vet -tags long ./...
	scripts/lint.sh $(GOLANGCI)

check: assets templ lint ## format, vet, lint, arrows, texts, both engines, stories
	$(TEST) ./...

test: check ## all of check, then the scan for secrets, sequences of acts, races, the browser
	$(TEST) -tags long -timeout 40m -run '$(LONG)' ./internal/app ./internal/cli
	$(TEST) $(RACE) -timeout 40m -skip '$(ALONE)' ./internal/db/... ./internal/job/... ./internal/audit/... ./internal/request/... ./internal/evaluation/... ./internal/decision/... ./internal/condition/... ./internal/assessment/... ./internal/classification/... ./internal/contract/... ./internal/governance/... ./internal/adoption/... ./internal/portable/... ./internal/rights/... ./internal/inventory/... ./internal/incident/... ./internal/access/... ./internal/reveal/... ./internal/usage/... ./internal/account/... ./internal/notice/... ./internal/roster/... ./internal/source/... ./internal/provider/... ./internal/disclosure/... ./internal/export/... ./internal/breach/... ./internal/web/... ./internal/api/... ./internal/app
	$(MAKE) e2e

e2e: build
	scripts/e2e.sh

# Some minutes; for a million pupils: make bench PUPILS=1000000 USERS=1000000
PUPILS ?= 5000,100000
USERS ?= 500000

bench: build
	go run ./bench/list
	go run ./bench/names
	go run ./bench/cards
	go run ./bench/roster -pupils $(PUPILS)
	go run ./bench/roster -import -pupils $(PUPILS)
	scripts/pgtest.sh go run ./bench/roster -import -postgres -pupils $(PUPILS)
	scripts/pgtest.sh go run ./bench/provider -size $(USERS)
	AVAL_BREACH_PUPILS=60000 scripts/pgtest.sh go test -v -run TestALargeBoardIsAnswered ./internal/breach

clean:
	rm -rf bin demo-data demo.json
