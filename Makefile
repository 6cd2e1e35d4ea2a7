# What an engineer or an operator types. Every target says what it does in `make help`.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-faults soak lint check-deploy typecheck models tools install docs clean
.PHONY: dev serve restart stop health-check metrics-export scrape-check runbook-check backup restore recovery-drill integrity
.PHONY: eval-phase6 eval-retention eval-baseline bench-peer badges
.PHONY: security-audit security-quick check-updates update-deps

CARGO ?= cargo
MODELS_DIR ?= models
# With truth files; tests/drawings holds those that may be copied.
DRAWINGS ?= tests/drawings
DRAWING ?= tests/drawings/oamr_motor_bracket.png
# Where `serve` takes its programs from; `make serve BIN_DIR=target/debug` runs what `cargo build` made.
BIN_DIR ?= target/release
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

help: ## Lists the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: models ## Reads a real drawing through the API in one process and draws the annotated picture
	$(CARGO) build --bin cad
	scripts/demo.sh $(DRAWING) demo.png

test: models tools ## Sets up everything and runs all tests against a real RabbitMQ and a real Redis
	$(CARGO) build --workspace --bins
	scripts/with_services.sh $(MAKE) --no-print-directory run-tests

.PHONY: run-tests
run-tests:
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --workspace --no-fail-fast
else
	$(CARGO) test --workspace --exclude cad-tests --no-fail-fast
	# One at a time, as .config/nextest.toml asks for: some tests measure times, or start servers of their own.
	timeout 40m $(CARGO) test --package cad-tests --no-fail-fast -- --test-threads=1
endif

test-faults: models tools ## Runs the fault tests, those that take minutes too (docs/faults.md)
	$(CARGO) build --workspace --bins
	scripts/with_services.sh $(CARGO) nextest run --workspace --no-fail-fast --run-ignored all \
		-E 'test(/^(faults|operators|crash|outage|bad_messages|direct_publish|queue_contract::broker|store_contract::faults)/)'

soak: ## Kills workers, RabbitMQ and Redis under load and accounts for every job (SEED, JOBS)
	$(CARGO) build --workspace --bins
	target/debug/cad bench soak --seed $(or $(SEED),1) --jobs $(or $(JOBS),10000)

test-fast: models ## Runs the unit tests alone: no services, under a minute once built
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --workspace --exclude cad-tests
else
	$(CARGO) test --workspace --exclude cad-tests
endif

lint: check-deploy ## Format, clippy and docs, all warnings are errors; alerts, dashboards, manifests; licences when cargo-deny is there
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --quiet
	scripts/check_deny.sh

check-deploy: ## Checks alert rules with their tests, dashboards and manifests, as far as `make tools` has brought the tools
	scripts/check_prometheus.sh
	python3 scripts/check_dashboards.py
	python3 scripts/check_manifests.py

typecheck: ## Checks types without building
	$(CARGO) check --workspace --all-targets

models: ## Fetches the models and ONNX Runtime once, checks their hashes, works offline afterwards
	@python3 deploy/fetch_models.py --into $(MODELS_DIR)

tools: ## Fetches what only tests and checks need: pika, msgpack and manifest schemas for Python, promtool
	@scripts/test_tools.sh

install: models ## Fetches all dependencies and builds the release binaries
	$(CARGO) build --release --bins

dev: models ## Builds, runs the stack and its log in the foreground, and does it again when a source file changes
	scripts/dev.sh

serve: models $(BIN_DIR)/cad-api ## Starts API and worker processes in the background; settings come from the environment and .env
	@BIN_DIR=$(BIN_DIR) scripts/stack.sh serve

restart: $(BIN_DIR)/cad-api ## Stops the stack gracefully and starts it with the settings of now
	@BIN_DIR=$(BIN_DIR) scripts/stack.sh restart

stop: ## Stops the stack: what runs may finish, the rest goes back to the queue (FORCE=1 kills what is late)
	@scripts/stack.sh stop

# Built only when it is not there: `make install` builds anew.
$(BIN_DIR)/cad-api:
	@[ "$(BIN_DIR)" = target/release ] || { echo "$@ is not built; build it, or leave BIN_DIR out" >&2; exit 1; }
	$(CARGO) build --release --bins

health-check: ## Asks every process of the running stack how it is; CAD_URL=... asks one API elsewhere
	@python3 scripts/ask_stack.py health

metrics-export: ## Writes the live metrics of every process of the stack to reports/metrics/
	@python3 scripts/ask_stack.py metrics

scrape-check: tools ## Lets a real Prometheus scrape the running stack and evaluate every rule on it
	python3 scripts/scrape_check.py

runbook-check: serve ## Executes the command blocks of docs/runbook.md against the running stack
	@BIN_DIR=$(BIN_DIR) python3 scripts/runbook_check.py

backup: ## Writes settings, broker definitions and the store to backups/, with a list of hashes
	@scripts/backup.sh

restore: ## Brings a backup back: make restore FROM=backups/...
	@scripts/restore.sh "$(FROM)"

recovery-drill: ## Proves backup and restore with a private broker and a private store
	scripts/recovery_drill.sh

integrity: ## Checks models, stored results and queues of the running stack
	@python3 scripts/check_integrity.py

docs: ## Writes the table of settings into README.md and builds the API documentation
	scripts/write_settings_table.sh
	$(CARGO) doc --workspace --no-deps

eval-phase6: models ## Measures how well real drawings are read, and keeps the totals
	$(CARGO) build --release --bin cad
	@mkdir -p reports
	target/release/cad eval $(DRAWINGS) --history reports/eval_history.jsonl

eval-retention: ## Removes measurements older than 90 days from the history, but the last of each month
	@python3 scripts/eval_retention.py

eval-baseline: eval-phase6 ## Measures now and compares with the newest snapshot; fails when reading has become worse
	@python3 scripts/snapshot_baseline.py --compare

badges: ## Draws reports/badges/*.svg from the newest measurements
	@python3 scripts/badges.py

bench-peer: models ## Reads the drawings with this project and with rapidocr in turn; prints accuracy, time, memory
	$(CARGO) build --release --bin cad
	DRAWINGS=$(DRAWINGS) scripts/bench_peer.sh

security-audit: ## Checks dependencies against advisories, licences and sources
	scripts/check_deny.sh --advisories

security-quick: ## Checks dependency sources, committed secrets, file modes and models in seconds, without network
	scripts/security_quick.sh

check-updates: ## Lists newer versions of dependencies; changes nothing
	$(CARGO) update --dry-run --verbose

update-deps: ## Takes newer compatible versions into Cargo.lock; `make lint test` says whether they work
	$(CARGO) update
	$(CARGO) check --workspace --all-targets --locked

clean: ## Removes what was built; keeps models
	$(CARGO) clean
