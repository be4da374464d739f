# What a person types. `make demo` and `make test` set up all that they need on a fresh machine.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
export UV_COMPILE_BYTECODE := 1
# `dg check` looks at no dagster.yaml, where telemetry is off too.
export DAGSTER_DISABLE_TELEMETRY := 1

PANGO := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
# On macOS the libraries have other names, which WeasyPrint knows.
HAS_PANGO := import ctypes.util as c; assert all(map(c.find_library, ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")))

# What the tests look at the HTML edition with: a browser of the system's, found as tests/test_html_edition.py finds it,
# and the library that its driver needs on Linux.
HAS_BROWSER := { command -v chromium || command -v chromium-browser || command -v google-chrome; } && \
    $(BIN)/python -c 'import ctypes, sys; sys.platform != "linux" or ctypes.CDLL("libatomic.so.1")' 2>/dev/null

.PHONY: help demo run test check format bench lock clean

help: ## list these targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: $(VENV)/.ready ## a monthly report from a sample marketplace, in one command
	$(BIN)/scmr17 demo

run: $(VENV)/.ready ## take in what lies in data/inbox and print the last complete month
	$(BIN)/scmr17 run

test: $(VENV)/.ready $(VENV)/.browser ## all tests
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.ready ## format, lint, types and SQL lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar sql
	SCMR17_DATA=$$(mktemp -d) $(BIN)/dg check defs

format: $(VENV)/.ready ## format the source
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.ready ## what intake, the catalogue and a report cost
	for benchmark in benchmarks/*.py; do $(BIN)/python $$benchmark; done

lock: $(VENV)/.uv ## pin every dependency again, with hashes
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 \
	    --all-extras pyproject.toml --output-file requirements.lock --upgrade

clean: ## remove the environment and the demo's data
	rm -rf $(VENV) data/demo

# uv comes from the environment's own pip, so that nothing outside this folder changes.
$(VENV)/.uv:
	@python3 -c 'import sys; assert sys.version_info >= (3, 11), "SCMR-17 needs Python 3.11 or newer"'
	python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check 'uv>=0.9'
	touch $@

$(VENV)/.ready: $(VENV)/.uv requirements.lock pyproject.toml
	@if ! $(BIN)/python -c '$(HAS_PANGO)' 2>/dev/null; then
	    echo "installing the Pango libraries, which print the PDFs"
	    if command -v apt-get >/dev/null; then
	        root=$$([ "$$(id -u)" = 0 ] || echo sudo)
	        $$root apt-get update -qq
	        DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends $(PANGO) >/dev/null
	    elif command -v brew >/dev/null; then
	        brew install pango
	    else
	        echo "please install Pango with your system's package manager ($(PANGO) on Debian), then run make again" >&2
	        exit 69
	    fi
	fi
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.browser: $(VENV)/.ready
	@if ! { $(HAS_BROWSER); } >/dev/null; then
	    echo "installing Chromium, in which the tests open the HTML edition"
	    if command -v apt-get >/dev/null; then
	        root=$$([ "$$(id -u)" = 0 ] || echo sudo)
	        $$root apt-get update -qq
	        DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends chromium libatomic1 >/dev/null
	    elif command -v brew >/dev/null; then
	        brew install --cask chromium
	    else
	        echo "please install Chromium with your system's package manager, then run make again" >&2
	        exit 69
	    fi
	fi
	touch $@
