# `make demo` and `make test` work on a fresh clone with Python 3.10+ and make; they set up .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ $$(id -u) = 0 ] || echo sudo)

# The tests start many processes; without bytecode each would compile the library again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check servers bench stress cassettes generate format clean

demo: $(VENV)/ready
	$(BIN)/python -m examples.demo

test: check servers
	$(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report=term:skip-covered

check: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m codegen --check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pyright

# Real servers for the tests, and a voice, from Debian's packages; started by the tests that need them.
SERVERS := redis-server postgresql espeak-ng
servers: $(VENV)/node/ready
	@{ command -v redis-server && command -v espeak-ng && ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 || { \
	  $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq $(SERVERS); \
	} >/dev/null || { echo "make test needs $(SERVERS): install them, and run it again" >&2; exit 1; }

# Twilio's SDK for Node, and the library that this one began as: tests/official runs them.
$(VENV)/node/ready: tests/official/node/package.json tests/official/node/package-lock.json | $(VENV)/ready
	@command -v npm >/dev/null || { \
	  $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq nodejs npm; \
	} >/dev/null || { echo "make test needs nodejs and npm: install them, and run it again" >&2; exit 1; }
	mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --omit=optional --no-audit --no-fund --silent
	touch $@

bench: $(VENV)/ready
	$(BIN)/python -m bench

stress: $(VENV)/ready
	$(BIN)/python -m tests.stress

cassettes: $(VENV)/ready
	$(BIN)/python -m tests.cassettes.record

generate: $(VENV)/ready
	$(BIN)/python -m codegen

format: $(VENV)/ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("ringback needs Python 3.10 or newer: make PYTHON=python3.11 …" if sys.version_info < (3, 10) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[emulator,http2,aiohttp,otel,redis,postgres]' --group dev
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
