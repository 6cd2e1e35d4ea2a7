# What an engineer or an operator types. Every target says what it does in `make help`.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test test-fast lint typecheck models tools install docs eval-phase6 bench-peer security-audit clean

CARGO ?= cargo
MODELS_DIR ?= models
# With truth files; tests/drawings holds those that may be copied.
DRAWINGS ?= tests/drawings
DRAWING ?= tests/drawings/oamr_motor_bracket.png
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

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

test-fast: models ## Runs the unit tests alone: no services, under a minute once built
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --workspace --exclude cad-tests
else
	$(CARGO) test --workspace --exclude cad-tests
endif

lint: ## Format, clippy and docs, all warnings are errors; licences when cargo-deny is there
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --quiet
	scripts/check_deny.sh

typecheck: ## Checks types without building
	$(CARGO) check --workspace --all-targets

models: ## Fetches the models and ONNX Runtime once, checks their hashes, works offline afterwards
	@python3 deploy/fetch_models.py --into $(MODELS_DIR)

tools: ## Fetches what only the tests need: pika and msgpack for Python, promtool
	@scripts/test_tools.sh

install: models ## Fetches all dependencies and builds the release binaries
	$(CARGO) build --release --bins

docs: ## Writes the table of settings into README.md and builds the API documentation
	scripts/write_settings_table.sh
	$(CARGO) doc --workspace --no-deps

eval-phase6: models ## Measures how well real drawings are read, and keeps the totals
	$(CARGO) build --release --bin cad
	@mkdir -p reports
	target/release/cad eval $(DRAWINGS) --history reports/eval_history.jsonl

bench-peer: models ## Reads the drawings with this project and with rapidocr in turn; prints accuracy, time, memory
	$(CARGO) build --release --bin cad
	DRAWINGS=$(DRAWINGS) scripts/bench_peer.sh

security-audit: ## Checks dependencies against advisories, licences and sources
	scripts/check_deny.sh --advisories

clean: ## Removes what was built; keeps models
	$(CARGO) clean
