# What can be done here; `make` alone says it too. Every target makes what it needs first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
SAMPLES = $(patsubst %/client.yaml,%,$(wildcard data/*/client.yaml))
# Wheels only: a machine without a compiler gets one clear line instead of a page of C errors.
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet \
	--only-binary :all: --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup report test test-full test-deep lab bench constraints

help:
	@grep -hE '^[a-z-]+:.* ## ' Makefile | sed -E 's/^([a-z-]+):.* ## /  make \1\t/' | expand -t 20

setup: $(VENV)/.core ## make .venv and install the workbook into it
	@echo "Ready: $(BIN)/workbook --help"

report: $(VENV)/.core ## report on the shipped sample clients into reports/
	@$(BIN)/workbook batch $(SAMPLES) --out reports

test: $(VENV)/.test ## run the tests that need nothing but pip
	$(PYTEST) -m "not full and not deep" -n logical --dist loadfile

test-full: $(VENV)/.full ## install a browser, LibreOffice, axe-core and run the tests that need them
	tools/install_full.sh
	$(PYTEST) -m full

test-deep: $(VENV)/.test ## run the long tests: fuzzing, many seeds, exhaustive
	$(PYTEST) -m deep -n logical

lab: $(VENV)/.core ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir notebooks

bench: $(VENV)/.test ## measure import and computing times, as ratios
	@$(INSTALL) --editable ".[test,bench]"
	$(BIN)/python tools/bench.py
	$(BIN)/python tools/bench_lines.py
	$(BIN)/python tools/bench_events.py
	$(BIN)/python tools/bench_reading.py
	$(BIN)/python tools/bench_batch.py

constraints: ## pin anew what a fresh install brings (constraints.txt)
	tools/freeze.sh $(PYTHON)

# Debian's Python may have no ensurepip: then the pip outside brings the pip inside.
$(BIN)/pip:
	@echo "Making $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv --clear $(VENV) >/dev/null 2>&1 || { \
		$(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing the workbook; this takes a minute or two …"
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.core
	@echo "Installing what the tests need …"
	@$(INSTALL) --editable ".[test]"
	@touch $@

$(VENV)/.full: $(VENV)/.test
	@$(INSTALL) --editable ".[test,full]"
	@touch $@
