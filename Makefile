# The only door to this project, for people and for CI. It needs Python 3.11 or newer, make, and pip with an index.
#
#   make run     everything a newcomer needs: environment, database, data, service
#   make test    the tests, side by side where there are processors; ARGS go to pytest instead: make test ARGS="-k spend"
#   make explore the tests of properties, with other random data each time
#   make bench   speed beside floors and peers, on synthetic data
#   make check   style, format, types, import contracts
#
# HOST, PORT and DATABASE_URL are read from the environment (README.md lists them).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VENV := .venv
PY := $(VENV)/bin/python
TOOLS := .venv-tools
UV_VERSION := 0.13.9
BENCH := .venv-bench
SIZES ?= 100000
TIMES ?= 5
ARGS ?=
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist worksteal
PYTHON ?=

# A stamp carries the checksum of the pins it was made from, so a change of pins, and only that, installs anew.
checksum = $(shell cksum < $(1) | cut -d ' ' -f 1)
RUN_STAMP := $(VENV)/.run-$(call checksum,requirements/run.txt)
DEV_STAMP := $(VENV)/.dev-$(call checksum,requirements/dev.txt)
BENCH_STAMP := $(BENCH)/.bench-$(call checksum,requirements/bench.txt)
PIP_FLAGS := --require-hashes --disable-pip-version-check --no-input --quiet

# Prints the command of a Python that is new enough, or says why there is none. PYTHON=… names one by hand.
define find_python
found=; \
for candidate in $(if $(PYTHON),$(PYTHON),python3.11 python3); do \
  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$candidate"; break; fi; \
done; \
if [ -z "$$found" ]; then \
  echo "error: Python 3.11 or newer is needed; tried: $(or $(PYTHON),python3.11 and python3 ($$(python3 --version 2>/dev/null || echo 'not there')))." >&2; \
  echo "       Install Python 3.11 with its venv module, or name one: make $(or $(MAKECMDGOALS),run) PYTHON=/path/to/python3.11" >&2; \
  exit 1; \
fi
endef

.PHONY: run test explore bench check migrate load lock openapi format clean help

run: migrate load ## set up what is missing, load the bundled data, serve on HOST and PORT
	@exec $(PY) -m api serve

test: $(DEV_STAMP) ## run the tests (ARGS="…" goes to pytest)
	@$(PY) -m pytest $(or $(ARGS),$(SIDE_BY_SIDE))

explore: $(DEV_STAMP) ## run the tests of properties TIMES="5" times, with other random data each time
	@for time in $$(seq $(TIMES)); do $(PY) -m pytest -m hypothesis --hypothesis-profile=explore $(or $(ARGS),$(SIDE_BY_SIDE)); done

bench: $(DEV_STAMP) $(BENCH_STAMP) ## measure speed (SIZES="100000,5000000"; ARGS="--out docs"); needs wrk
	@$(PY) -m bench --sizes $(SIZES) $(ARGS)

check: $(DEV_STAMP) ## style, format, types and import contracts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/python -m mypy
	PYTHONPATH=. $(VENV)/bin/lint-imports

migrate: $(RUN_STAMP) ## bring the database to the newest revision
	@$(PY) -m api migrate

load: migrate ## load the bundled data set, unless it is loaded already
	@$(PY) -m api load

openapi: $(DEV_STAMP) ## record the examples anew, write docs/openapi.json and draw docs/spend.svg
	$(PY) -m tests.contract.record

format: $(DEV_STAMP) ## rewrite the code in the project's format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# uv does not read pip's settings, so pip's index is handed to it; --no-emit-index-url keeps it out of the files.
lock: $(TOOLS)/.uv-$(UV_VERSION) ## pin requirements/*.in anew (ARGS="--upgrade" takes newer versions)
	@index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(TOOLS)/bin/python -m pip config get global.index-url 2>/dev/null || true)}}"; \
	if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	cd requirements; \
	for name in run dev bench; do \
	  ../$(TOOLS)/bin/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    $(ARGS) --output-file $$name.txt $$name.in; \
	  echo "wrote requirements/$$name.txt"; \
	done

clean: ## remove environments and caches; var/ with its database stays
	rm -rf $(VENV) $(BENCH) $(TOOLS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## show this
	@echo "make TARGET"
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  \1\t\2/' | expand -t 12

$(PY):
	@$(find_python); \
	echo "making $(VENV) with $$found"; \
	"$$found" -m venv --clear $(VENV) || { rm -rf $(VENV); \
	  echo "error: $$found cannot make an environment; is its venv module installed?" >&2; exit 1; }

# The program is compiled with its libraries, as far as it can be written to: a start is quicker, where Python writes no bytecode itself.
$(RUN_STAMP): $(PY)
	@echo "installing requirements/run.txt"
	@$(PY) -m pip install $(PIP_FLAGS) -r requirements/run.txt
	@$(PY) -m compileall -qq api db models || true
	@rm -f $(VENV)/.run-*
	@touch $@

# dev.txt holds all of run.txt, so both live in one environment, whichever came first.
$(DEV_STAMP): $(PY)
	@echo "installing requirements/dev.txt"
	@$(PY) -m pip install $(PIP_FLAGS) -r requirements/dev.txt
	@rm -f $(VENV)/.dev-*
	@touch $@

# What serves, and the peers, apart from what tests need: their versions need not fit, and pandas would take memory.
$(BENCH_STAMP):
	@$(find_python); "$$found" -m venv --clear $(BENCH)
	@echo "installing requirements/bench.txt"
	@$(BENCH)/bin/python -m pip install $(PIP_FLAGS) -r requirements/bench.txt
	@touch $@

$(TOOLS)/.uv-$(UV_VERSION):
	@$(find_python); "$$found" -m venv --clear $(TOOLS); echo '*' > $(TOOLS)/.gitignore
	@$(TOOLS)/bin/python -m pip install --disable-pip-version-check --no-input --quiet uv==$(UV_VERSION)
	@touch $@
