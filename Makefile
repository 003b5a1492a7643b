# Needs make and Python 3.11 or newer; everything else is installed here, in exact, hashed versions.

VENV ?= .venv
BIN := $(VENV)/bin
# `make demo ARGS="--once"`, `make test ARGS="-k ledger"`, `make lock ARGS=--upgrade`
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test proof fuzz crash check format bench alert-quality focus-validator docs screenshots release-check audit lock clean soak

RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
# PYTHONWARNINGS: the build backend greets every editable install with ten lines of advice.
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input install

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(DEV) ## Install everything for working on the code

demo: $(RUNTIME) ## Run the whole bot with no account anywhere
	@$(BIN)/claude-usage demo $(ARGS)

# A file of tests is one worker's: its servers and its database are started once. Four workers also on two cores, because
# many tests wait for a clock or a socket. What one of them compiles the others read, also where the environment says that
# Python should not write it down: compiling everything five times took a fifth of all.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 4 --dist loadfile

test: $(DEV) ## Run the tests
	@$(PYTEST) -m "not proof" $(ARGS)

proof: $(DEV) ## Run the long tests: crashes, bad days, the page in a browser, who sees what, alert quality
	@$(PYTEST) -m proof $(ARGS)

FUZZ ?= 400

fuzz: $(DEV) ## Look for an organisation whose money does not add up: FUZZ=400 random ones for each rule
	@FUZZ=$(FUZZ) $(PYTEST) tests/properties $(ARGS)

crash: $(DEV) ## Kill workers in the middle of their work and count what arrived: ARGS="--rounds 300 --seed 7"
	@$(BIN)/python -m tests.crash $(ARGS)

soak: $(DEV) ## Run the whole bot under load and watch its memory and open files: ARGS="--minutes 60"
	@$(BIN)/python -m tests.soak $(ARGS)

check: $(DEV) ## Everything CI runs: format, lint, types, imports, tests, proofs, audit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test proof
	$(MAKE) audit ARGS=

format: $(DEV) ## Put the code into the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV) ## Measure speed at full size
	@$(BIN)/python -m tests.bench $(ARGS)

alert-quality: $(DEV) ## Measure alerts and forecasts beside common ones: ARGS="--series FOLDER" adds public series
	@$(BIN)/python -m tests.alert_quality $(ARGS)

# It needs Python 3.12 or newer (an older one gets a version that can't start) and 600 MB, and its own dependencies
# come without hashes: so `check` goes without it, and it lives in an environment of its own.
VALIDATOR ?= .venv-focus-validator

focus-validator: $(DEV) $(VALIDATOR)/bin/pip ## Hold a FOCUS export against the FinOps Foundation's own validator
	@PYTHONWARNINGS=ignore $(VALIDATOR)/bin/python -m pip --quiet --disable-pip-version-check install \
		'focus-validator==2.2.1' 'pyarrow<22'
	@$(BIN)/python -m tests.focus_validator $(abspath $(VALIDATOR))/bin/python

$(VALIDATOR)/bin/pip:
	@for python in $(if $(PYTHON),"$(PYTHON)",python3.12 python3.13 python3); do \
		"$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null || continue; \
		echo "Making $(VALIDATOR) with $$("$$python" --version) ..."; \
		exec "$$python" -m venv "$(VALIDATOR)"; \
	done; \
	echo "Nothing was validated: focus-validator needs Python 3.12 or newer. Name one: make focus-validator PYTHON=/path/to/python3.12" >&2; \
	exit 1

docs: $(DEV) ## Write docs/reference.md and the examples from the code
	@$(BIN)/python -m tests.reference

screenshots: $(DEV) ## Take the pictures of docs/images anew (needs Chromium)
	@$(BIN)/python -m tests.screenshots

# What goes into the wheel is what the container's builder would be given: .dockerignore lists it.
RELEASE := build/release

release-check: $(DEV) ## Build the wheel, install it where nothing else is, and run the demo there
	@rm -rf $(RELEASE) && mkdir -p $(RELEASE)/context $(RELEASE)/elsewhere
	@cp -R $$(sed -n 's/^!//p' .dockerignore) $(RELEASE)/context
	@find $(RELEASE)/context -name __pycache__ -prune -exec rm -rf {} +
	@PYTHONWARNINGS=ignore $(BIN)/python -m build --no-isolation --wheel --outdir $(RELEASE) $(RELEASE)/context >$(RELEASE)/log \
		|| { cat $(RELEASE)/log >&2; exit 1; }
	@$(BIN)/python -m venv $(RELEASE)/env
	@PYTHONWARNINGS=ignore $(RELEASE)/env/bin/python -m pip --quiet --disable-pip-version-check --no-input install \
		--require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(RELEASE)/env/bin/python -m pip --quiet --disable-pip-version-check --no-input install \
		--no-deps $(RELEASE)/*.whl
	@cd $(RELEASE)/elsewhere && env -i PATH=/usr/bin:/bin HOME="$$PWD" ../env/bin/claude-usage demo --once >../demo.txt
	@grep -q 'Team Alpha' $(RELEASE)/demo.txt
	@echo "$$(basename $(RELEASE)/*.whl) installs by itself and answers."

audit: $(DEV) ## Write the bill of materials; hold it against known weaknesses: ARGS=--required fails without a network
	@$(BIN)/python -m tests.audit $(ARGS)

# The oldest supported Python resolves: a newer one leaves out what the older ones need besides.
LOCK := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-options --build-deps-for wheel

lock: $(DEV) ## Pin every dependency anew, with hashes, from pyproject.toml
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "make lock needs an environment of Python 3.11: make lock PYTHON=python3.11 VENV=.venv-3.11")'
	$(LOCK) --output-file requirements.lock $(ARGS) pyproject.toml
	$(LOCK) --extra dev --extra traces --constraint requirements.lock --output-file requirements-dev.lock $(ARGS) pyproject.toml

clean: ## Remove caches and build leftovers
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find bot tests -name __pycache__ -prune -exec rm -rf {} +

# One stamp per environment: a changed lock or pyproject.toml installs again, nothing else does.
$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/pip
	@echo "Installing requirements.lock into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock pyproject.toml | $(BIN)/pip
	@echo "Installing requirements-dev.lock into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@ $(RUNTIME)

# A name on PATH proves nothing (version managers leave shims behind): the first that runs and is new enough wins.
$(BIN)/pip:
	@for python in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3); do \
		"$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "Making $(VENV) with $$("$$python" --version) ..."; \
		exec "$$python" -m venv "$(VENV)"; \
	done; \
	echo "No usable Python 3.11 or newer$(if $(PYTHON), at $(PYTHON)): install one with its venv module, or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1
