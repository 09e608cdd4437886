# Linux and macOS. The plain pip, streamlit and pytest lines for Windows are in README.md.

VENV    := .venv
BIN     := $(VENV)/bin
SOURCES := cardmaker pages app.py tests benchmarks notebooks scripts

# Given on the command line: make run PORT=8600, make test ARGS="-k duplex", make install PYTHON=python3.12
PORT   =
ARGS   =
CONCURRENCY =
# Tried by running it, since a pyenv shim may be on the PATH and lead nowhere.
PYTHON = $(shell python3.11 -c '' 2>/dev/null && echo python3.11 || echo python3)

# A stamp each, so that `make run` installs neither the test tools nor JupyterLab.
RUNTIME := $(VENV)/.stamp-runtime
DEV     := $(VENV)/.stamp-dev
LAB     := $(VENV)/.stamp-notebook
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help install run redis worker notebook test coverage test-fast check bench format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: $(RUNTIME) ## create .venv with all the app needs

run: $(RUNTIME) ## start the app on 127.0.0.1:8501 (or PORT=...)
	$(BIN)/streamlit run app.py $(if $(PORT),--server.port $(PORT))

redis: ## start a Redis for development on 127.0.0.1:6379 (or PORT=...), for REDIS_URL=redis://localhost
	redis-server --bind 127.0.0.1 --port $(or $(PORT),6379) --save "" --appendonly no \
		--maxmemory 1gb --maxmemory-policy volatile-lru

worker: $(RUNTIME) ## render tasks of apps on the same Redis (REDIS_URL; CONCURRENCY=4, or as many as cores)
	$(BIN)/python -m cardmaker worker $(if $(CONCURRENCY),--concurrency $(CONCURRENCY)) $(ARGS)

notebook: $(LAB) ## open notebooks/ in JupyterLab on 127.0.0.1:8888 (or PORT=...)
	$(BIN)/jupyter lab --ip 127.0.0.1 $(if $(PORT),--port $(PORT)) notebooks $(ARGS)

test: $(DEV) ## run every test, two files at a time; installs what they need
	scripts/system-tools.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

coverage: $(DEV) ## run every test, one by one, and show what they leave out
	scripts/system-tools.sh
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered $(ARGS)

test-fast: $(DEV) ## run the tests that are not marked slow
	$(BIN)/python -m pytest -m "not slow" $(ARGS)

check: $(DEV) ## lint, formatting, types, and notebooks without outputs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(SOURCES)
	$(BIN)/python scripts/stripped.py

bench: $(DEV) ## measure the engine beside img2pdf and Pillow (all of it: ARGS=--full)
	$(BIN)/python -m benchmarks $(ARGS)

format: $(DEV) ## format the code, fix what ruff can, strip the notebooks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python scripts/stripped.py --write

clean: ## remove what tests and tools leave behind (not .venv)
	rm -rf notebooks/.ruff_cache notebooks/.ipynb_checkpoints .bench .coverage htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find $(filter-out app.py,$(SOURCES)) -type d -name __pycache__ -prune -exec rm -rf {} +

# Without its python a .venv is half made (Debian lacking python3-venv leaves one) or broken: start afresh.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Cardmaker needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1 || true)." >&2; \
		echo "Install it, or name one: make install PYTHON=/path/to/python3" >&2; exit 1; }
	@rm -rf $(VENV)
	@echo "Creating $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): requirements.txt $(BIN)/python
	@echo "Installing requirements.txt"
	@$(PIP) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo "Installing requirements-dev.txt"
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(LAB): requirements-notebook.txt $(RUNTIME)
	@echo "Installing requirements-notebook.txt"
	@$(PIP) -r requirements-notebook.txt
	@touch $@
