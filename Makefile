# All that a newcomer needs: `make run` (the system with a demo city) and `make test` (everything).
# `make setup` prepares what both use; nothing but Python >= 3.11, Node >= 20 and make is expected.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp
# Whoever asks for no bytecode would have each process that starts compile all of ours anew.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: setup setup-dev run test coverage soak check check-python check-web test-web docs lock clean

setup: $(STAMP)-run web/dist/index.html

setup-dev: setup $(STAMP)-dev

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

$(STAMP)-run: $(BIN)/python requirements/run.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMP)-dev: $(STAMP)-run requirements/dev.txt requirements/data.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --require-hashes -r requirements/data.txt
	@touch $@

web/node_modules/.stamp: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' -not -path 'web/src/lib/paraglide/*')

# Puts the car's page into vehicle_agent/page as well, from where the agent serves it.
web/dist/index.html: web/node_modules/.stamp $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

run: setup
	$(BIN)/patrol up --demo

check: check-python check-web

check-python: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-web: setup-dev
	cd web && npm run --silent check

test-web: setup-dev
	cd web && npm run --silent test

# Many tests wait for processes and clocks: four at a time, a file on one worker, the longest folders first.
PYTEST := $(BIN)/coverage run -m pytest -n 4 --dist loadfile --no-loadscope-reorder
PURE := --fail-under=100 --include='dispatch/domain/*,gateway/session.py'

test: setup-dev
	$(MAKE) --no-print-directory --jobs 2 check test-web
	$(BIN)/coverage erase
	$(PYTEST)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report $(PURE)

# Every line counted, in the tests that start servers as well: they take half as long again while it is done.
coverage: check
	$(BIN)/coverage erase
	MEASURE=all $(PYTEST) tests/unit tests/property tests/integration
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=90
	$(BIN)/coverage report $(PURE)

# Bad roads and kills for half an hour (tests/system/test_soak.py; two minutes of it are part of `make test`).
SECONDS ?= 1800
SEED ?= 110
soak: setup-dev
	SOAK_SECONDS=$(SECONDS) SOAK_SEED=$(SEED) $(BIN)/python -m pytest -q -s tests/system/test_soak.py

# Only for whoever changes the API: its document, and the types that web/ takes from it.
define WRITE_OPENAPI
import json, pathlib
from dispatch.main import create_app
from dispatch.settings import Settings
app = create_app(Settings(database_url="postgresql://none", nats_url="nats://none"))
text = json.dumps(app.openapi(), indent=1, sort_keys=True, ensure_ascii=False)
pathlib.Path("docs/openapi.json").write_text(text + "\n", encoding="utf-8")
endef
export WRITE_OPENAPI

docs: setup
	$(BIN)/python -c "$$WRITE_OPENAPI"
	cd web && npm run --silent api -- ../docs/openapi.json

# Needs `uv`; only for whoever changes a dependency.
lock:
	cd requirements && for name in run dev data; do \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	    $$( [ $$name = data ] && echo --no-deps ) $$name.in -o $$name.txt; done

clean:
	rm -rf .venv web/node_modules web/dist vehicle_agent/page web/src/lib/paraglide .mypy_cache .ruff_cache .pytest_cache
