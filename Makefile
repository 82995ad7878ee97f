# Each target works alone, in a fresh checkout too: what it needs is installed first, into .venv and .tools.
# PYTHON=...  the Python that .venv is made with (default: the first suitable one on PATH)
# ARGS=...    more arguments for the program that the target runs, e.g. make test ARGS="-x -k query"
# SEED=...    a number from which the generated examples of make test-long follow (default: another one each time)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long test-libraries test-pythons check docs bench clean

PYTHON ?=
ARGS ?=
SEED ?=
BIN := .venv/bin
PEERS := $(patsubst bench/requirements-%.txt,%,$(wildcard bench/requirements-*.txt))

help: ## list the targets (the default)
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

setup: ## make .venv and .tools ready; every target below does this first
	@PYTHON="$(PYTHON)" sh scripts/setup.sh

demo: setup ## a tour of the library against a local engine
	$(BIN)/python examples/tour.py $(ARGS)

test: setup ## the whole test suite on all cores, then the quick tests with each schema library alone
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)
	$(BIN)/python scripts/matrix.py --own

test-long: setup ## the whole test suite, with many more generated examples, others each time; SEED=... repeats them
	@seed="$(SEED)"; seed=$${seed:-$$($(BIN)/python -c "import secrets; print(secrets.randbelow(10**9))")}; \
	repeat="make test-long SEED=$$seed draws the same examples again"; \
	echo "$$repeat"; \
	$(BIN)/python -m pytest --hypothesis-profile=long --hypothesis-seed=$$seed $(ARGS) || { echo "$$repeat"; exit 1; }

test-libraries: setup ## the quick tests with each schema library alone, oldest and newest, and with none
	$(BIN)/python scripts/matrix.py --own $(ARGS)

test-pythons: setup ## the same on each other Python that is found
	$(BIN)/python scripts/matrix.py --others $(ARGS)

check: setup ## lint, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy

docs: setup ## the documentation, into docs/_build/html; any warning is an error
	$(BIN)/python -m sphinx -b html -E -n -W --keep-going docs docs/_build/html $(ARGS)

bench: setup $(PEERS:%=.venvs/bench-%/stamp) ## the benchmarks, some ten minutes; ARGS="--quick", ARGS=--docs and more: ARGS=--help
	$(BIN)/python -m bench $(ARGS)

# Others to be measured beside. Without a network, or where one of them does not install, the rest is measured.
.venvs/bench-%/stamp: bench/requirements-%.txt | setup
	@echo "Installing $* into .venvs/bench-$* ..."
	@$(BIN)/python -m venv --clear .venvs/bench-$*
	@if .venvs/bench-$*/bin/python -m pip install --quiet --disable-pip-version-check -r $<; then touch $@; \
	else echo "$* is left out: pip could not install it"; rm -rf .venvs/bench-$*; fi

clean: ## remove everything that the other targets made
	rm -rf .venv .venvs .tools build dist docs/_build *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find bench docs dynamorm examples scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
