# Everything a person or a machine does with this project. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_FOR_DEVELOPMENT := $(VENV)/.installed-for-development
NODE_PROGRAMS := tests/openapi/node_modules

# Passed on: make run ARGS="--bind 0.0.0.0:80", make test LEG=sqlite ARGS="tests/billing -k void"
ARGS ?=
LEG ?=

# uv installs in a second what takes pip fifteen.
define install
	@if uv --version >/dev/null 2>&1; then \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1); \
	else \
		$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); \
	fi
endef

.DEFAULT_GOAL := help
.PHONY: help setup run demo test fuzz bench docs check lint types layers migrations format requirements clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(INSTALLED) ## Install what the product needs into .venv

run: setup ## Install, then start the product: web, worker and scheduler (ARGS="--bind HOST:PORT")
	@exec $(BIN)/python manage.py up $(ARGS)

demo: setup ## Install, then start a sandbox with a made-up company to look around in, and print its login
	@exec $(BIN)/python manage.py up --sandbox $(ARGS)

test: $(INSTALLED_FOR_DEVELOPMENT) $(NODE_PROGRAMS) ## Test on SQLite, then on PostgreSQL + Redis (LEG=sqlite|postgres, ARGS="-k name")
	@exec $(BIN)/python -m tests.run_legs $(if $(LEG),--leg $(LEG)) -- $(ARGS)

check: lint types layers migrations test ## All that must hold before a change is taken; what CI runs

fuzz: $(INSTALLED_FOR_DEVELOPMENT) ## Try every operation of the API with generated requests, for half an hour (ARGS="--seconds 60")
	@exec $(BIN)/python -m tests.openapi.fuzzing $(ARGS)

bench: $(INSTALLED_FOR_DEVELOPMENT) ## Measure how fast the product is here, on both databases (ARGS="--leg sqlite deliveries_instant")
	@exec $(BIN)/python -m benchmarks $(ARGS)

docs: $(INSTALLED_FOR_DEVELOPMENT) ## Bring docs/api and the guides to webhooks up to date: the reference, and the answers to commands (ARGS=--reference)
	@exec $(BIN)/python -m tests.documentation.write $(ARGS)

lint: $(INSTALLED_FOR_DEVELOPMENT) ## Look for mistakes and for unformatted code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED_FOR_DEVELOPMENT) ## Check the types
	$(BIN)/mypy

layers: $(INSTALLED_FOR_DEVELOPMENT) ## Check that imports point downwards only
	$(BIN)/lint-imports

migrations: $(INSTALLED) ## Check the configuration, and that no migration is missing
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run

format: $(INSTALLED_FOR_DEVELOPMENT) ## Format the code and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

requirements: ## Resolve requirements*.in into the hashed requirements*.txt (needs uv)
	uv pip compile --quiet --no-header --universal --python-version 3.11 --generate-hashes requirements.in -o requirements.txt
	uv pip compile --quiet --no-header --universal --python-version 3.11 --generate-hashes requirements-dev.in -o requirements-dev.txt

clean: ## Remove the environment and the caches; var/ with your data stays
	rm -rf $(VENV) $(NODE_PROGRAMS) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Business Suite needs Python 3.11 or newer; there is no $(PYTHON) here. Name another with PYTHON=/path/to/python." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Business Suite needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another with PYTHON=/path/to/python." >&2; exit 1; }
	@if uv --version >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV); \
	else \
		$(PYTHON) -m venv $(VENV) || { echo "Python could not make $(VENV); on Debian and Ubuntu: apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }; \
	fi

$(INSTALLED): requirements.txt $(BIN)/python
	@echo "Installing what Business Suite needs into $(VENV) …"
	$(call install,requirements.txt)
	@touch $@

$(INSTALLED_FOR_DEVELOPMENT): requirements-dev.txt | $(INSTALLED)
	@echo "Installing the tools for tests and checks into $(VENV) …"
	$(call install,requirements-dev.txt)
	@touch $@

# Generators of clients and a linter, which read our OpenAPI document as other people do, and a
# verifier of webhooks.
$(NODE_PROGRAMS): tests/openapi/package-lock.json
	@command -v npm >/dev/null || { echo "The tests of the OpenAPI document need Node.js 20 or newer; on Debian and Ubuntu: apt install npm" >&2; exit 1; }
	@npm ci --prefix tests/openapi --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@
