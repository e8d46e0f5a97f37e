# Every target sets itself up on a machine that has only Python 3.11 and make.
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
STAMP := $(VENV)/.installed
BIN := $(VENV)/bin
# Folder with data files that do not ship with the project; skipped where it is absent.
DATA ?= ../shared/data
RUN_DATA = $(if $(wildcard $(DATA)),--data "$(DATA)")

# What builds the documentation is added to .venv where it is asked for: neither a run nor a test needs it.
DOCS_STAMP := $(VENV)/.docs

# ANDES is GPL-3 and 700 MB: it has an environment of its own, and runs as a program of its own.
DYNAMICS := .venv-dynamics
DYNAMICS_STAMP := $(DYNAMICS)/.installed

# What others simulate with, to measure ours beside it: an environment of its own, too.
PEERS := .venv-peers
PEERS_STAMP := $(PEERS)/.installed

# tests start the command many times: let Python keep what it compiles, whatever the caller's environment says
TESTING = PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX="$(CURDIR)/$(VENV)/pycache" $(BIN)/python -m pytest -q

.DEFAULT_GOAL := help
.PHONY: help setup run compare sweep claims dynamics test test-all hunt fuzz mutants validate price-policies check bench peers schema reference docs golden
.PHONY: fingerprint size lock clean

help:            ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## */\t/' | expand -t 12

setup: $(STAMP)  ## create .venv from requirements.lock

run: $(STAMP)    ## make run SCENARIO=helios [ARGS="--set fleets.miners.rated_mw=80"]
	@test -n "$(SCENARIO)" || { echo "usage: make run SCENARIO=NAME, one of:"; ls scenarios/*.yaml | sed 's|scenarios/||; s|\.yaml||; s|^|  |'; exit 2; }
	@$(BIN)/python -m sim run "$(SCENARIO)" $(RUN_DATA) $(ARGS)

compare: $(STAMP) ## make compare SCENARIO=helios POLICIES="always-on follow-headroom" [ARGS="--replications 8"]
	@test -n "$(SCENARIO)" || { echo 'usage: make compare SCENARIO=NAME POLICIES="always-on follow-headroom"'; exit 2; }
	@$(BIN)/python -m sim compare "$(SCENARIO)" $(if $(POLICIES),--policies "$(POLICIES)") $(RUN_DATA) $(ARGS)

sweep: $(STAMP)  ## make sweep STUDY=fleet-size [ARGS="--workers 2"]
	@test -n "$(STUDY)" || { echo "usage: make sweep STUDY=NAME, one of:"; ls scenarios/studies/*.yaml | sed 's|scenarios/studies/||; s|\.yaml||; s|^|  |'; exit 2; }
	@$(BIN)/python -m sim sweep "$(STUDY)" $(RUN_DATA) $(ARGS)

claims: $(STAMP) ## hold each claim about miners beside AI against its runs [ARGS="--quick --json"]
	@$(BIN)/python -m sim claims $(ARGS)

dynamics: $(STAMP) $(DYNAMICS_STAMP) ## make dynamics FOLDER=results/helios/KEY [ARGS="--windows 1 --system kundur"]
	@test -n "$(FOLDER)" || { echo "usage: make dynamics FOLDER=RESULT_FOLDER"; exit 2; }
	@$(BIN)/python -m sim dynamics "$(FOLDER)" --python $(DYNAMICS)/bin/python $(ARGS)

test: $(STAMP)   ## run the tests and the examples in code and documentation (slow checks left out)
	@$(TESTING) $(ARGS)

test-all: $(STAMP) $(DOCS_STAMP) ## run every test, the slow ones too
	@$(TESTING) -m "" --hypothesis-profile=whole $(ARGS)

hunt: $(STAMP)   ## property tests on examples that no run met before [ARGS="-k metrics"]
	@$(TESTING) -m hypothesis --hypothesis-profile=hunt $(ARGS)

mutants: $(STAMP) ## change the code in one place, 300 times, and see whether a test fails [ARGS="--count 20 --seed 2"]
	@$(BIN)/python tests/mutation/mutants.py $(ARGS)

fuzz: $(STAMP)   ## load and run 10,000 scenarios at the edges of the schema [ARGS="--count 200 --first 5000"]
	@PYTHONPATH=. $(BIN)/python tests/fuzz/fuzz.py $(ARGS)

validate: $(STAMP) ## every published number, ours, its kind, deviation and tolerance [ARGS=--json]
	@PYTHONPATH=tests:tests/validation/models $(BIN)/python tests/validation/table.py $(ARGS)

price-policies: $(STAMP) ## what planning earns of what could be had, by its forecast [ARGS=60 for 60 days]
	@PYTHONPATH=tests:tests/validation/models $(BIN)/python tests/validation/price_policies.py $(ARGS)

check: $(STAMP)  ## lint, types and import order
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(STAMP)  ## what a change, a settle, a year cost beside a bare SimPy loop [ARGS="--json --long GROUP ..."]
	@$(BIN)/python -m benchmarks $(ARGS)

peers: $(STAMP) $(PEERS_STAMP) ## the peers' reference job in Vessim, LEAF, a plain loop and here [ARGS="--year --json"]
	@$(BIN)/python -m benchmarks.peers $(ARGS)

schema: $(STAMP) ## write the JSON Schemas of scenario and study files again
	@$(BIN)/python -m sim schema > scenarios/scenario.schema.json.tmp && mv scenarios/scenario.schema.json.tmp scenarios/scenario.schema.json
	@$(BIN)/python -m sim schema --study > scenarios/studies/study.schema.json

reference: $(STAMP) ## write the reference pages and the sample outputs in the documentation again
	@$(BIN)/python -m docs.reference
	@$(BIN)/python -m docs.samples
	@$(BIN)/python -m docs.rivals
	@$(BIN)/python -m docs.claims

docs: $(STAMP) $(DOCS_STAMP) ## build the documentation as a site: docs/_build/html/index.html
	@PYTHONPATH=. $(BIN)/python -m docs.site

golden: $(STAMP) ## write the golden metrics again, after the model version was raised
	@$(BIN)/python tests/golden/golden.py

fingerprint: $(STAMP) ## hash of each data file of every shipped scenario, shortened [BASE=REV: same bytes as REV?]
	@$(BIN)/python tests/golden/fingerprint.py $(if $(BASE),--base "$(BASE)") $(ARGS)

size: $(STAMP)   ## lines of code in sim/, without comments and docstrings
	@$(BIN)/python tests/architecture/size.py

lock:            ## resolve requirements*.lock again (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	printf "furo>=2025.12\nmyst-nb>=1.3\nsphinx>=8.1\n" | uv pip compile - -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements-docs.lock
	echo 'andes>=2.0,<3' | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements-dynamics.lock

clean:           ## remove what make made, results aside
	@rm -rf $(VENV) $(DYNAMICS) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(STAMP): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "needs Python 3.11 or later (make PYTHON=/path/to/python3.11)"; exit 1; }
	@rm -rf $(VENV)
	@echo "setting up $(VENV) (once, a minute or two): $$(grep -c '^[a-z0-9].*==' requirements.lock) packages"
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q -p "$(PYTHON)" $(VENV) && \
	  uv pip install --python $(BIN)/python --require-hashes -r requirements.lock && \
	  uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  { "$(PYTHON)" -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); echo "this Python cannot make a virtual environment: install python3-venv, or uv"; exit 1; }; } && \
	  { $(BIN)/python -m pip install --no-compile --disable-pip-version-check --progress-bar off --require-hashes -r requirements.lock; echo $$? > $(VENV)/.status; } \
	    | sed -un 's/^Collecting \([^ ]*\).*/  fetching \1/p; s/^Installing collected packages.*/  installing them/p' && \
	  test "$$(cat $(VENV)/.status)" = 0 && \
	  echo "  installing hashballast" && \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@

$(DOCS_STAMP): requirements-docs.lock $(STAMP)
	@echo "adding to $(VENV) what builds the documentation (once)"
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install -q --python $(BIN)/python --require-hashes -r requirements-docs.lock ; \
	else \
	  $(BIN)/python -m pip install -q --no-compile --disable-pip-version-check --require-hashes -r requirements-docs.lock ; \
	fi
	@touch $@

$(DYNAMICS_STAMP): requirements-dynamics.lock
	@rm -rf $(DYNAMICS)
	@echo "setting up $(DYNAMICS) (once, some minutes)"
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q -p "$(PYTHON)" $(DYNAMICS) && \
	  uv pip install -q --python $(DYNAMICS)/bin/python --require-hashes -r requirements-dynamics.lock ; \
	else \
	  "$(PYTHON)" -m venv $(DYNAMICS) && \
	  $(DYNAMICS)/bin/python -m pip install -q --no-compile --disable-pip-version-check --require-hashes -r requirements-dynamics.lock ; \
	fi
	@touch $@

$(PEERS_STAMP):
	@rm -rf $(PEERS)
	@echo "setting up $(PEERS) (once)"
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv -q -p "$(PYTHON)" $(PEERS) && \
	  uv pip install -q --python $(PEERS)/bin/python vessim==0.16.0 leafsim==0.4.2 pandas ; \
	else \
	  "$(PYTHON)" -m venv $(PEERS) >/dev/null 2>&1 && \
	  $(PEERS)/bin/python -m pip install -q --no-compile --disable-pip-version-check vessim==0.16.0 leafsim==0.4.2 pandas ; \
	fi
	@touch $@
