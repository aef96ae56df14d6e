# `make` alone lists the targets. Each sets up what it needs in .venv, once, and again when the
# locked requirements change.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
WORKERS ?= 2
UPGRADE ?=

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

##@ Use
.PHONY: run
run: $(STAMPS)/run ## train one run: cross-entropy, L2, 50,000 images, 30 epochs
	$(BIN)/python -m nnexp cost=crossentropy reg=l2

.PHONY: ui
ui: $(STAMPS)/run ## open the MLflow UI on what is recorded
	$(BIN)/python -m nnexp ui

PORT ?= 5000
.PHONY: server
server: $(STAMPS)/test ## a team's MLflow server on PostgreSQL, with a password, on this machine only
	@$(BIN)/python tools/server.py --port $(PORT)

.PHONY: notebook
notebook: $(STAMPS)/notebook ## open the tour of the chapter as a notebook
	$(BIN)/jupyter lab experiments/tour.ipynb

.PHONY: experiments
experiments: $(STAMPS)/run ## run every preset and remake experiments/ (what is recorded is reused)
	$(BIN)/python experiments/remake.py

VERIFY ?= --budget 10min
.PHONY: verify-experiments
verify-experiments: $(STAMPS)/run ## train again what experiments/*/result.nnexp claim (VERIFY="" for all of it)
	@failed=; for file in experiments/*/result.nnexp; do \
	  [ -e "$$file" ] || { echo "no experiments/*/result.nnexp: make experiments writes them"; exit 1; }; \
	  $(BIN)/python -m nnexp verify "$$file" $(VERIFY) || failed="$$failed $$file"; \
	done; [ -z "$$failed" ] || { echo "NOT reproduced:$$failed"; exit 1; }

.PHONY: bench
bench: $(STAMPS)/bench ## measure the trainer beside PyTorch, JAX, nnexp 0.1 and network2
	$(BIN)/python -m benchmarks

##@ Develop
# The tests are parallel by processes; what they import beside nnexp is held to one thread too.
test quick test-slow test-server: export OPENBLAS_NUM_THREADS := 1
test quick test-slow test-server: export OMP_NUM_THREADS := 1
# Tests of a file stay together, so that what they share is made once, until a worker has none left.
PARALLEL := -n $(WORKERS) --dist worksteal

.PHONY: test
test: $(STAMPS)/test ## fast tests, some 10 minutes on two idle cores (last line: pytest's summary)
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow"

# What most mistakes are found by, without a program started or a run recorded.
QUICK := tests/nn tests/train tests/data tests/study/test_statistics.py tests/study/test_difference.py \
  tests/study/test_bootstrap.py tests/test_imports.py tests/test_run_names.py tests/test_redact.py

.PHONY: quick
quick: $(STAMPS)/test ## the tests that find most, about a minute on two cores
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow" -q $(QUICK)

.PHONY: check
check: lint types quick ## lint, types and the quick tests: before every commit

.PHONY: test-slow
test-slow: $(STAMPS)/test ## slow tests
	$(BIN)/python -m pytest $(PARALLEL) -m slow

# The tests that record, read, compare, resume, change and verify runs.
ON_SERVER := $(addprefix tests/,$(addsuffix .py,cli/test_labels record/test_light record/test_model \
  runner/test_going_on runner/test_run_claims runner/test_summary runner/test_sweep \
  study/test_changed_records study/test_compare study/test_ensemble study/test_fork \
  study/test_grid_map study/test_study_commands study/test_sweep_runs study/test_until study/test_verify))

.PHONY: test-server
test-server: export NNEXP_TEST_STORE := server
test-server: $(STAMPS)/test ## the tests of records on MLflow's server with PostgreSQL: some 10 minutes
	$(BIN)/python -m pytest $(PARALLEL) -m "not slow" $(ON_SERVER)

# Only what golden runs need: they have no part in .venv but its Python and pip.
.PHONY: test-arm
test-arm: $(STAMPS)/run ## same bits on aarch64, under QEMU: 4 minutes the first time, then one
	$(BIN)/python -m tests.portability.arm

.PHONY: test-versions
test-versions: $(STAMPS)/run ## same bits with the oldest and newest NumPy and numba: 4 minutes
	$(BIN)/python -m tests.portability.versions

# Installs the program a second time, in a clone and on another Python.
.PHONY: test-travel
test-travel: $(STAMPS)/test ## a file exported here, verified on another Python and on aarch64: 10 minutes
	$(BIN)/python -m tests.portability.travels

.PHONY: lint
lint: $(STAMPS)/dev ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(STAMPS)/dev ## mypy --strict
	$(BIN)/mypy --strict nnexp

.PHONY: docs
docs: $(STAMPS)/dev ## the documents as a site in site/, links checked, with a search
	NO_MKDOCS_2_WARNING=1 $(BIN)/python docs/site.py
	@echo "look: $(BIN)/python -m http.server --directory site --bind 127.0.0.1 (the search needs a server)"

.PHONY: lock
lock: $(STAMPS)/dev ## compile requirements/*.txt from pyproject.toml (UPGRADE=--upgrade: newest)
	$(COMPILE) --output-file requirements/run.txt pyproject.toml
	$(COMPILE) --extra test --constraint requirements/run.txt \
	  --output-file requirements/test.txt pyproject.toml
	$(COMPILE) --extra test --extra dev --constraint requirements/test.txt \
	  --output-file requirements/dev.txt pyproject.toml
	$(COMPILE) --extra bench-locked --constraint requirements/test.txt \
	  --output-file requirements/bench.txt pyproject.toml
	@! grep -nE '://|--(index-url|extra-index-url|find-links|trusted-host)' requirements/*.txt

.PHONY: clean
clean: ## remove .venv, caches and builds; recorded runs stay
	rm -rf $(VENV) build dist site .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find nnexp tests experiments benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The build backend is locked too (--build-deps-for), so that the editable install needs no other.
# A lock knows its origin as `make lock` and names no index of the machine that made it.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet $(UPGRADE) \
  --generate-hashes --allow-unsafe --strip-extras --build-deps-for editable \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  found=$$($(PYTHON) --version 2>&1) || found="not there"; \
	  echo "nnexp needs Python 3.11 or newer; $(PYTHON) is $$found. Try: make PYTHON=python3.11" >&2; \
	  exit 1; }
	@echo "Setting up $(VENV) from requirements/: a minute or two, this once"
	$(PYTHON) -m venv --clear $(VENV)
	mkdir -p $(STAMPS)
	touch $@

# The project itself is editable: one .pth line, and the console script .venv/bin/nnexp.
define install
	$(PIP) install --require-hashes -r $<
	$(PIP) install --no-deps --no-build-isolation --editable .
endef

# What `make run` trains with is compiled here, so that the first run need not wait for it.
$(STAMPS)/run: requirements/run.txt pyproject.toml | $(STAMPS)/venv
	$(install)
	$(BIN)/python -c 'from nnexp.train.compiled import compile_kernel; compile_kernel("float32")'
	touch $@

$(STAMPS)/test: requirements/test.txt pyproject.toml | $(STAMPS)/venv
	$(install)
	touch $@ $(STAMPS)/run

$(STAMPS)/dev: requirements/dev.txt pyproject.toml | $(STAMPS)/venv
	$(install)
	touch $@ $(STAMPS)/test $(STAMPS)/run

# JupyterLab is not locked: it is a tool to look with, no part of what is computed.
$(STAMPS)/notebook: requirements/test.txt pyproject.toml | $(STAMPS)/venv
	$(install)
	$(PIP) install --no-build-isolation --editable '.[notebook]'
	touch $@ $(STAMPS)/test $(STAMPS)/run

# The second line adds PyTorch, which is not locked: its builds (CPU, CUDA) have other hashes and
# other dependencies, and the ordinary Linux one brings CUDA (2.6 GB). The third sets up nnexp 0.1.
$(STAMPS)/bench: requirements/bench.txt pyproject.toml | $(STAMPS)/venv
	$(install)
	$(PIP) install --no-build-isolation --editable '.[bench]'
	$(BIN)/python -m benchmarks.previous
	touch $@ $(STAMPS)/run
