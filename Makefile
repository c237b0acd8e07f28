# Rivot charger firmware. `make` prints what there is to make.

PYTHON ?= python3
PY := .venv/bin/python
SOURCES := firmware tools host_tests $(wildcard boot.py main.py)
# pytest takes PYTEST_ARGS from the environment or the command line: make unit PYTEST_ARGS="-k wrap"
PYTEST := $(PY) -m pytest -n 2 --dist=worksteal
# PORT and FORCE for what works on a board.
ON_PORT = $(if $(PORT),--port '$(PORT)') $(if $(FORCE),--force)
READY := .venv/.ready .tools/.ready lib/.ready

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run sim csms test test-all unit scenarios end-to-end bench size \
	check format format-check lint type layers docs docs-check micropython compile dbc clean \
	image flash deploy repl logs backup restore provision release

## Start here

help: ## show this help
	@[ -t 1 ] && b=$$(printf '\033[1m') c=$$(printf '\033[36m') n=$$(printf '\033[0m'); \
	awk -v b="$$b" -v c="$$c" -v n="$$n" \
	'BEGIN { FS = ":[^#]*## "; print b "Rivot charger firmware" n } \
	/^## / { print "\n" b substr($$0, 4) n } \
	/^[a-z-]+:.*## / { printf "  %s%-13s%s %s\n", c, $$1, n, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## make .venv, fetch MicroPython, compile (the others call it)
	@$(PY) -m tools.build --quiet
	@echo "Ready: make run, make test"

run: $(READY) ## watch one charging session (CSMS=ws://... : your server)
	@$(PY) -m tools.run $(if $(CSMS),--csms '$(CSMS)') $(ARGS)

test: $(READY) check ## everything that must hold: checks and all tests
	@echo "Tests (unit, scenarios, end to end)"
	@$(PYTEST) -m "not slow" $(PYTEST_ARGS)

## The virtual charger

sim: $(READY) ## the virtual charger alone (ARGS="--on micropython32")
	@$(PY) -m tools.sim $(if $(CSMS),--csms '$(CSMS)') $(ARGS)

csms: $(READY) ## the bench central system alone
	@$(PY) -m tools.csms $(ARGS)

bench: $(READY) ## heap and timing budgets, measured
	@$(PY) -m tools.bench $(ARGS)

## Tests, by ring (PYTEST_ARGS="-k word" picks)

unit: $(READY) ## pure tests, seconds
	@$(PYTEST) host_tests/unit $(PYTEST_ARGS)

scenarios: $(READY) ## scripted journeys on the virtual clock
	@$(PYTEST) host_tests/scenarios $(PYTEST_ARGS)

end-to-end: $(READY) ## whole programs over real sockets
	@$(PYTEST) host_tests/end_to_end $(PYTEST_ARGS)

test-all: $(READY) check ## test, and the slow ones too
	@$(PYTEST) $(PYTEST_ARGS)

## Checks

check: $(READY) ## all of the following
	@$(MAKE) --no-print-directory --keep-going lint format-check type layers docs-check
format: $(READY) ## put the source in order
	@$(PY) -m ruff check --quiet --fix-only $(SOURCES)
	@$(PY) -m ruff format $(SOURCES)
format-check: $(READY)
	@echo "Format"
	@$(PY) -m ruff format --quiet --check $(SOURCES) || { echo "make format puts it right"; exit 1; }
lint: $(READY) ## ruff, and what MicroPython does not have
	@echo "Lint"
	@$(PY) -m ruff check --quiet --output-format concise $(SOURCES)
	@$(PY) -m tools.check_dialect
type: $(READY) ## mypy: firmware against MicroPython's stubs, tools
	@echo "Types"
	@$(PY) -m tools.check_types
layers: $(READY) ## imports point down only, no module-level state
	@echo "Layers"
	@$(PY) -m tools.check_layers
docs: $(READY) ## write the generated tables of docs/ anew
	@$(PY) -m tools.docs
docs-check: $(READY)
	@echo "Docs"
	@$(PY) -m tools.docs --check

## A board (PORT=/dev/ttyUSB0 where several are plugged in)

flash: $(READY) ## bare ESP32 -> charger (FIRMWARE= VERSION= SHA256= SET= REPL=1)
	@$(PY) -m tools.flash $(ON_PORT) $(if $(FIRMWARE),--firmware '$(FIRMWARE)') \
	$(if $(VERSION),--version '$(VERSION)') $(if $(SHA256),--sha256 '$(SHA256)') \
	$(if $(REPL),--repl) $(foreach one,$(SET),--set '$(one)') $(ARGS)
deploy: $(READY) ## this code to a running board, its data untouched
	@$(PY) -m tools.deploy code $(ON_PORT) $(ARGS)
repl: $(READY) ## the board's console (Ctrl-C stops the charger, Ctrl-] leaves)
	@$(PY) -m tools.deploy repl $(ON_PORT) $(ARGS)
logs: $(READY) ## its stored log, then what it prints, while it runs on
	@$(PY) -m tools.deploy logs $(ON_PORT) $(ARGS)
backup: $(READY) ## settings, journal, certificates into backups/ (FILE=)
	@$(PY) -m tools.deploy backup $(ON_PORT) $(if $(FILE),--file '$(FILE)') $(ARGS)
restore: $(READY) ## ... and back (FILE=backups/x.zip)
	@$(PY) -m tools.deploy restore $(ON_PORT) $(if $(FILE),--file '$(FILE)') $(ARGS)
provision: $(READY) ## settings of many boards from one table (FILE=boards.csv)
	@$(PY) -m tools.provision $(if $(FILE),'$(FILE)') $(ON_PORT) $(ARGS)

## Building

image: $(READY) ## the chip's file system in build/image, with a size table
	@$(PY) -m tools.image $(foreach one,$(SET),--set '$(one)') $(ARGS)
release: $(READY) ## one signed update file (VERSION=1.2.3 KEY=file)
	@$(PY) -m tools.release $(if $(VERSION),--version '$(VERSION)') $(if $(KEY),--key '$(KEY)') $(ARGS)
compile: $(READY) ## bytecode for the chip in build/mpy
	@$(PY) -m tools.build --quiet
size: $(READY) ## the same, with a size table
	@$(PY) -m tools.build
dbc: $(READY) ## a vehicle's DBC file into bms.tbl (FILE=x.dbc, docs/dbc.md)
	@$(PY) -m tools.dbc $(FILE) $(ARGS)
micropython: .venv/.ready ## try again to fetch MicroPython
	@$(PY) -m tools.micropython
	@mkdir -p .tools && touch .tools/.ready
clean: ## delete what was made, .venv and .tools as well
	rm -rf .venv .tools lib build .bench .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.ready: requirements.txt tools/setup.py
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer"; exit 1; }
	@$(PYTHON) tools/setup.py
	@touch $@

# Also touched when MicroPython cannot be had here: `make micropython` tries again.
.tools/.ready: tools/micropython.py | .venv/.ready
	@$(PY) -m tools.micropython
	@mkdir -p .tools && touch $@

lib/.ready: requirements-board.txt tools/libraries.py | .venv/.ready
	@$(PY) -m tools.libraries
	@touch $@
