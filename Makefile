# The two commands of the README, and what they are made of.
#   make analyze   set up .venv and write the report of the bundled reference model into out/reference_model/
#   make test      set up what tests need and run everything
#   make check     format, lint, types (part of make test)
#   make bench     accuracy and speed tables
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_TESTS := $(VENV)/.installed-tests
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
MERMAID := tests/mermaid/node_modules/.installed

# Idle OpenMP threads of torch that spin slow everything else down where cores are shared.
export GOMP_SPINCOUNT := 1000

.PHONY: analyze test check format bench clean tests-browser
.DELETE_ON_ERROR:

analyze: $(INSTALLED)
	$(BIN)/deepdive analyze -o out/reference_model

test: $(INSTALLED_TESTS) check tests-browser $(MERMAID)
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: $(INSTALLED_TESTS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(INSTALLED_TESTS)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED_TESTS)
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.speed

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null \
	  || { echo "deepdive needs Python 3.10 or newer as '$(PYTHON)'; name another with: make PYTHON=python3.12 analyze" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): $(BIN)/python pyproject.toml constraints.txt
	@$(PIP) -e . || { echo "installation failed: pip could not fetch the packages of pyproject.toml (is the package index reachable?)" >&2; exit 2; }
	@touch $@

$(INSTALLED_TESTS): $(INSTALLED)
	@$(PIP) -e '.[test]' || { echo "installation failed: pip could not fetch the test packages (is the package index reachable?)" >&2; exit 2; }
	@touch $@

# The browser that the HTML tests open. Where it cannot be installed the tests say so; with CI=true they fail
# unless this very install was refused, which the marker file records.
tests-browser: $(INSTALLED_TESTS)
	@command -v chromium >/dev/null 2>&1 || { \
	  { command -v apt-get >/dev/null 2>&1 && (apt-get update -qq && apt-get install -y -qq chromium) >/dev/null 2>&1; } \
	  || { echo "chromium could not be installed: the browser tests will be skipped" >&2; touch $(VENV)/.browser-refused; }; }

$(MERMAID): tests/mermaid/package.json tests/mermaid/package-lock.json
	@if command -v npm >/dev/null 2>&1 && npm --prefix tests/mermaid ci --silent --no-audit --no-fund; then touch $@; \
	  else echo "the Mermaid parser could not be installed: its tests will be skipped" >&2; touch $(VENV)/.mermaid-refused; fi
