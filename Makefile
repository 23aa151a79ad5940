# Everything one does with this repository. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Stamps, because a folder's own time says nothing about whether its making was finished.
MADE := $(VENV)/.made
RUNS := $(VENV)/.runs
TESTS := $(VENV)/.tests

.DEFAULT_GOAL := help
.PHONY: help up merchant test lint bench fuzz rehearse aws deploy cost clean

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(RUNS) ## run the whole gateway on this machine, in the foreground; Ctrl-C ends it
	@exec $(BIN)/python -m local.up --end-with-parent

merchant: $(RUNS) ## merchants and their API keys; without ARGS='…' it shows how
	@$(BIN)/python -m local.merchant $(ARGS)

test: $(TESTS) ## run the tests
	@$(BIN)/python -m pytest

lint: $(TESTS) ## check style, types and who imports whom
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/test_import_arrows.py

bench: $(TESTS) ## measure throughput and latency on this machine
	@exec $(BIN)/python -m local.bench

FUZZ_CASES ?= 3000
FUZZ_BODIES ?= 20000
fuzz: $(TESTS) ## send thousands of odd requests and webhooks; FUZZ_CASES and FUZZ_BODIES say how many
	@FUZZ_CASES=$(FUZZ_CASES) FUZZ_BODIES=$(FUZZ_BODIES) $(BIN)/python -m pytest -s --durations=5 \
		tests/live/test_fuzz.py tests/shared/domain/test_body_fuzz.py

rehearse: $(TESTS) ## deploy to an AWS that is imitated on this machine, and try what was deployed
	@$(BIN)/python -m pytest -s --durations=10 tests/infra/test_inspection.py tests/rehearsal

STAGE ?= dev
aws: $(TESTS) ## imitate AWS on this machine, to deploy STAGE to from another terminal, until Ctrl-C
	@exec $(BIN)/python -m local.aws $(STAGE) $(ARGS)

deploy: $(TESTS) ## deploy STAGE to the AWS account you are signed in to; ARGS=--dry-run only shows what would change
	@$(BIN)/python -m infra.deploy $(STAGE) $(ARGS)

# What is measured is kept, so that a price can be looked at without measuring first.
cost: $(TESTS) ## print what payments cost on AWS, and where they stop; MEASURE=1 measures anew, which takes ten minutes
	@if [ -n "$(MEASURE)" ] || [ ! -f infra/measured.json ]; then \
		$(BIN)/python -m local.aws.measure infra/measured.json || exit; fi
	@$(BIN)/python -m infra.cost $(ARGS) && echo && $(BIN)/python -m infra.scale $(ARGS)

clean: ## remove what the targets above made, except the data in .gateway
	rm -rf $(VENV) .build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -not -path '*/node_modules/*' -exec rm -rf {} +

$(MADE):
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) was not found: install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than Python 3.11: install a newer one, or name it: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		echo "$(PYTHON) cannot make a virtual environment: install its venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	@touch $@

$(RUNS): $(MADE) requirements.txt
	@echo "Installing requirements.txt (once)"
	@$(PIP) -r requirements.txt
	@touch $@

$(TESTS): $(RUNS) requirements-dev.txt
	@echo "Installing requirements-dev.txt (once)"
	@$(PIP) -r requirements-dev.txt
	@touch $@
