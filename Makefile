# Voltdesk in one command each. Needs Python >= 3.11 with venv, and make; nothing outside this folder
# is touched, but that `make test-browser` as root installs Chromium. Variables: PORT, WORKERS
# (parallel tests), ARGS (handed to the command), PYTHON.

SHELL := /bin/sh
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
  $(shell command -v $(name) 2>/dev/null)))
BIN := .venv/bin
WORKERS ?= 2
# Who is done takes over half of what another still has: the long tests come first.
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
# Checks read nothing of this machine's settings and leave nothing in its temporary folder.
CHECK := $(CURDIR)/.venv/check
ALONE := DJANGO_SETTINGS_MODULE=cms.settings.test DATA_DIR=$(CHECK) TMPDIR=$(CHECK) \
  DATABASE_URL= REDIS_URL= CELERY_BROKER_URL=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo simulate test test-fast test-stack test-browser screenshots check bench format messages requirements clean \
  base development

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

base development:
	@test -n "$(PYTHON)" || { echo "voltdesk: install Python 3.11 or newer (python3)" >&2; exit 1; }
	@$(PYTHON) scripts/bootstrap.py $@

run: base ## install, migrate and serve everything in one process (PORT, default 3000)
	@exec $(BIN)/python manage.py serve $(ARGS)

demo: base ## the same with a demo site and simulated charging stations
	@exec $(BIN)/python manage.py serve --demo $(ARGS)

simulate: base ## a fleet of simulated stations against a running server (PORT, ARGS)
	@exec $(BIN)/python -m tests.simulator --url ws://127.0.0.1:$(or $(PORT),3000)/ocpp $(ARGS)

test: development ## every test, on SQLite and again on PostgreSQL and Redis
	@VOLTDESK_TEST_ENGINE=embedded $(PYTEST) $(ARGS)
	@VOLTDESK_TEST_ENGINE=production $(PYTEST) $(ARGS)

test-fast: development ## the tests that start no server, on SQLite
	@VOLTDESK_TEST_ENGINE=embedded $(PYTEST) -m "not stack" $(ARGS)

test-stack: development ## the tests that start real servers, on SQLite and on PostgreSQL and Redis
	@VOLTDESK_TEST_ENGINE=embedded $(PYTEST) -m stack $(ARGS)
	@VOLTDESK_TEST_ENGINE=production $(PYTEST) -m stack $(ARGS)

test-browser: development ## people at a browser (Chromium), on SQLite; VOLTDESK_TEST_ENGINE=production: the other
	@sh scripts/browser
	@$(PYTEST) tests/browser $(ARGS)

screenshots: development ## photographs of the main pages, into docs/screenshots or ARGS
	@sh scripts/browser
	@$(BIN)/python -m tests.browser.screenshots $(ARGS)

check: development ## lint, format, types, import contracts, migrations, Django's own checks
	@rm -rf $(CHECK) && mkdir -p $(CHECK)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(ALONE) $(BIN)/mypy
	$(BIN)/lint-imports
	$(ALONE) $(BIN)/python manage.py makemigrations --check --dry-run
	$(ALONE) $(BIN)/python manage.py check --fail-level WARNING

bench: development ## measure the hot path against its limit and the stock way
	@exec $(BIN)/python -m tests.benchmarks $(ARGS)

format: development ## put imports and layout in order
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

messages: development ## what people read, in every language: bring cms/locale up to date
	@$(BIN)/python -m scripts.messages

requirements: ## pin requirements/*.txt anew from pyproject.toml (needs uv)
	@sh scripts/requirements

clean: ## remove what the commands above made, except data/ and .env
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
