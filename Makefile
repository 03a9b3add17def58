# Every common task. The first one that you run sets up .venv, which needs only Python 3.11+ and the
# package index. The first one after a change of the lock updates it.

ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := .venv/Scripts
else
PYTHON ?= python3
BIN := .venv/bin
endif
READY := .venv/ready

# Compiled code is kept whatever the environment says. Otherwise each process of the local AWS, each
# kernel and each worker of the tests would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

# $(call environment,FOLDER,REQUIREMENTS): an environment for other tools. What they use is compiled
# when they use it, which takes less time than compiling everything.
environment = $(PYTHON) -m venv --without-pip $(1) && $(BIN)/python -m pip --python $(1) install \
	--quiet --disable-pip-version-check --no-compile --requirement $(2)

.PHONY: help run test lab serve book links clients browser bench lint format types lock setup clean

help: ## list the tasks (like `make` alone)
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' Makefile
	@echo 'ARGS="..." goes to the tool: make run ARGS="--flights 10000"; make test ARGS="-k handler"'
	@echo 'PYTHON=python3.13 chooses the Python for .venv (run make clean first)'

run: $(READY) ## send the flights of 2013 through the pipeline and check the answers
	$(BIN)/workbook run $(ARGS)

test: $(READY) ## run the tests, in six processes (ARGS="-n 0" for one after the other)
	$(BIN)/python -m pytest -n 6 --dist loadfile $(ARGS)

lab: $(READY) ## open JupyterLab at the first notebook
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks/00_ten_minutes.ipynb $(ARGS)

serve: $(READY) ## run the local AWS in the foreground, for any AWS client
	$(BIN)/workbook serve --port 4566 $(ARGS)

book: $(READY) ## run notebooks with outdated outputs, store their outputs, and write pages to build/book
	$(BIN)/workbook book $(ARGS)

links: $(READY) ## check every address that notebooks and documents link to (needs a network)
	$(BIN)/workbook links

clients: $(READY) build/clients/ready ## try other AWS clients (needs Node.js 18 or newer, and npm)
	$(BIN)/python -m pytest -n 3 clients $(ARGS)

build/clients/ready: clients/requirements.txt clients/sam.txt clients/chalice.txt clients/package.json | $(READY)
	$(call environment,build/clients/venv,clients/requirements.txt)
	for tool in sam chalice; do \
		$(call environment,build/clients/$$tool,clients/$$tool.txt) || \
		echo "$$tool could not be installed: its test is left out"; \
	done
	cp clients/package.json build/clients
	cd build/clients && npm install --no-package-lock --no-fund --no-audit || \
		echo "the JavaScript SDK and CDK could not be installed: their tests are left out"
	touch $@

browser: $(READY) build/browser/ready ## try pages and notebooks in a real browser (needs Chromium or Chrome)
	build/browser/venv/$(notdir $(BIN))/python -m pytest -n 2 --dist loadfile browser $(ARGS)

build/browser/ready: browser/requirements.txt | $(READY)
	$(call environment,build/browser/venv,browser/requirements.txt)
	touch $@

bench: $(READY) build/bench/ready ## measure the workbook beside its peers (ARGS=--quick: a small try)
	$(BIN)/python -m benchmarks $(ARGS)

build/bench/ready: benchmarks/requirements.txt benchmarks/package.json | $(READY)
	$(call environment,build/bench/venv,benchmarks/requirements.txt) || \
		echo "ministack could not be installed: it is left out"
	cp benchmarks/package.json build/bench
	cd build/bench && npm install --no-package-lock --no-fund --no-audit || \
		echo "kinesalite and kinesis-local could not be installed: they are left out"
	touch $@

lint: $(READY) ## check style and format, notebooks included
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY) ## correct style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY) ## check the types, strictly
	$(BIN)/mypy

lock: $(READY) ## choose versions again after a change in pyproject.toml (ARGS=--upgrade: the newest of all)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --quiet \
		--generate-hashes --no-emit-index-url --custom-compile-command "make lock" \
		--output-file requirements.lock $(ARGS)

setup: $(READY) ## only set up .venv

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) workbook/bootstrap.py

clean: ## remove .venv and everything else that these tasks created
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
