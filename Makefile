# Driftline. `make` alone lists what there is. Needs Python 3.11 to 3.13 and make, nothing else.

VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo up down lint test test-heavy bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: ## Make the virtual environment with the locked packages (skipped when it is current)
	@$(call install,requirements.txt)

setup-dev: ## The same, with what lint, tests and benchmarks need
	@$(call install,requirements-dev.txt)

demo: setup ## Two nights and a quarterly review over five demo clients; DEMO_STOP_CLIENT=delta stops one before night two
	@$(BIN)/python -m demo.run --stop-client "$(DEMO_STOP_CLIENT)"

up: setup ## Start the demo's stack and leave it running; prints addresses and logins
	@$(BIN)/python -m demo.up up

down: ## Stop what `make up` started
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m demo.up down; else echo "Nothing runs: there is no $(VENV)."; fi

lint: setup-dev ## Check style, formatting and types
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy

test: setup-dev ## Run the tests
	@$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

test-heavy: setup-dev ## Run the tests that take minutes or much room
	@$(BIN)/python -m pytest -m heavy
	@HYPOTHESIS_PROFILE=heavy $(BIN)/python -m pytest tests/integration/test_histories.py

bench: setup-dev ## Measure; one JSON line per figure, also in bench/results/latest.jsonl
	@$(BIN)/python -m bench

lock: setup-dev ## Write requirements.txt and requirements-dev.txt anew from the .in files
	@for name in requirements requirements-dev; do \
	  $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header \
	    $$name.in -o $$name.txt || exit 1; \
	done

clean: down ## Remove everything that was made here
	rm -rf build $(VENV) .pytest_cache .mypy_cache .ruff_cache dbt_project/target dbt_project/logs

# An environment belongs to one folder (its scripts name it) and to one lock. Each lock's stamp is written last, so that an
# interrupted set-up goes on where it was; the larger lock contains the smaller one.
# uv does not read pip's configuration: where the package registry is configured for pip only, pip goes on.
define install
	set -e; \
	want=$$(cat $(1) pyproject.toml | cksum); \
	if [ "$$(cat $(VENV)/.folder 2>/dev/null)" != "$$PWD" ]; then rm -rf $(VENV); fi; \
	for lock in $(1) requirements-dev.txt; do \
	  if [ "$$(cat $(VENV)/.stamp-$$lock 2>/dev/null)" = "$$(cat $$lock pyproject.toml | cksum)" ]; then exit 0; fi; \
	done; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  rm -rf $(VENV); $(find_python); \
	  echo "Making $(VENV) with $$python"; \
	  "$$python" -m venv $(VENV) || { rm -rf $(VENV); \
	    echo "$$python has no working venv module (Debian and Ubuntu: install python3-venv)." >&2; exit 1; }; \
	fi; \
	printf '%s' "$$PWD" > $(VENV)/.folder; \
	echo "Installing $(1)"; \
	export VIRTUAL_ENV="$$PWD/$(VENV)"; \
	if ! { $(BIN)/python -m pip install --quiet uv && $(BIN)/python -m uv pip install --quiet -r $(1) \
	       && $(BIN)/python -m uv pip install --quiet --no-deps --editable .; }; then \
	  echo "uv could not; trying pip, which takes some minutes"; \
	  $(BIN)/python -m pip install --quiet -r $(1); \
	  $(BIN)/python -m pip install --quiet --no-deps --editable .; \
	fi; \
	echo "$$want" > $(VENV)/.stamp-$(1)
endef

define find_python
	python=; \
	for candidate in $(PYTHON) python3 python3.12 python3.11 python3.13 python; do \
	  if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; then \
	    python=$$candidate; break; \
	  fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Driftline needs Python 3.11, 3.12 or 3.13; found: $$(python3 --version 2>&1 || echo none)." >&2; \
	  echo "Install one of them, or name it: make setup PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi
endef
