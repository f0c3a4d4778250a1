# Set-up and every task of the project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
YEAR ?= 2024
BIN := .venv/bin
READY := .venv/.ready
# Two workers at least: some tests mostly wait. A file's tests stay with one worker: what they share is made once.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 20 --durations-min 1
# How many departments' worth of cells the curve of growth is drawn through; 1000 is an option for a machine to spare.
DEPARTMENTS ?= 1 10 100
# $(call debian,what shows that it is there,packages)
APT := apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends
debian = @{ $(1); } >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && $(APT) $(2); } || { echo "Needed: apt-get install $(2)"; exit 2; }
POSTGRES = $(call debian,ls /usr/lib/postgresql/*/bin/initdb,postgresql)
NGINX = $(call debian,[ -x /usr/sbin/nginx ] && command -v openssl,nginx-light openssl)
CHROMIUM = $(call debian,[ -x /usr/bin/chromium ],chromium fonts-noto-cjk)
JAVA = $(call debian,[ -x "$$JAVA_HOME/bin/java" ] || command -v java,openjdk-17-jre-headless)
OFFICE = $(call debian,command -v soffice && command -v pdftotext && ls /usr/share/fonts/opentype/noto/NotoSansCJK*,libreoffice-writer-nogui poppler-utils fonts-noto-cjk)
SPARK := .venv/.spark
LOCK = $(BIN)/uv pip compile -q pyproject.toml --generate-hashes --no-annotate --no-header
# No tool phones home.
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
# Python keeps what it has compiled, whatever the shell says: each process of a run or a test would compile it again.
export PYTHONDONTWRITEBYTECODE :=

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY)  ## set up, then take YEAR (2024) to a published version
	$(BIN)/ledgergate run $(YEAR)

test: lint  ## set up, then lint, types and all tests that need nothing but Python
	$(PYTEST)

test-quick: $(READY)  ## set up, then the unit tests alone
	$(PYTEST) tests/unit

lint: lint-python lint-types lint-models  ## set up, then only lint and types

lint-python: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-types: $(READY)
	$(BIN)/mypy

lint-models: $(READY)
	LEDGERGATE_WAREHOUSE=$$(mktemp -d)/warehouse.duckdb $(BIN)/sqlfluff lint dbt_project/models

coverage: $(READY)  ## the same tests, and which lines they reach (a third slower)
	$(PYTEST) --cov=orchestration --cov=expectations --cov-report=term

test-postgres: $(READY)  ## the drill with Dagster's records on PostgreSQL; as root it installs Debian's package
	$(POSTGRES)
	$(BIN)/python -m pytest -m postgres

test-browser: $(READY)  ## the UI through chromium; as root it installs Debian's package
	$(CHROMIUM)
	$(BIN)/python -m pytest -m browser

pictures: $(READY)  ## renew the pictures in docs/images of what 2024 shows; as root it installs chromium
	$(CHROMIUM)
	$(BIN)/python -m tests.pictures

test-proxy: $(READY)  ## nginx in front of the UI, as deploy/ has it; as root it installs Debian's package
	$(NGINX)
	$(BIN)/python -m pytest -m proxy

test-office: $(READY)  ## the report as PDF, with its charts; as root it installs LibreOffice, poppler and a font
	$(OFFICE)
	$(PYTEST) -m office

test-all: $(SPARK) debian  ## every test there is, without lint; as root it installs Debian's packages
	$(PYTEST) -m ''

test-debian: $(SPARK) debian  ## every test that make test leaves out; as root it installs Debian's packages
	$(PYTEST) -m 'office or browser or postgres or proxy or spark'

debian:  ## what test-postgres, test-browser, test-proxy, test-office and test-spark need of Debian
	$(NGINX)
	$(POSTGRES)
	$(JAVA)
	$(CHROMIUM)
	$(OFFICE)

setup: $(READY)  ## only set up

test-spark: $(SPARK)  ## the models on Spark, alone and on a small cluster; as root it installs Debian's Java 17
	$(JAVA)
	$(BIN)/python -m pytest -m spark

spark: $(SPARK)  ## set up Spark too; then LEDGERGATE_TARGET=spark builds with it
	$(JAVA)

report: $(READY)  ## the report of YEAR (2024), from its published version
	$(BIN)/ledgergate report $(YEAR)

ui: $(READY)  ## the Dagster UI, on loopback only: http://127.0.0.1:3000
	$(BIN)/python -m orchestration.pipeline.ui

bench: $(READY)  ## what a run costs and where, and entries by the hundred million, as ratios in one run
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench_speed --departments $(DEPARTMENTS)
	$(BIN)/python -m tests.bench_entries
	$(BIN)/python -m tests.bench_figures
	$(BIN)/python -m tests.bench_documents 100

fuzz: $(READY)  ## a thousand damaged ledger files, a thousand hostile inputs around them, and every row lost by itself
	$(BIN)/python -m tests.fuzz 1000 --write
	$(BIN)/python -m tests.hostile 1000
	$(BIN)/python -m tests.lost_rows

docs: $(READY)  ## generate docs/rules.md, dictionary.md and commands.md
	$(BIN)/python -m orchestration.cli.reference

format: $(READY)  ## format Python and SQL
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	LEDGERGATE_WAREHOUSE=$$(mktemp -d)/warehouse.duckdb $(BIN)/sqlfluff fix dbt_project/models

lock: $(READY)  ## pin versions and hashes anew
	$(LOCK) --extra dev --extra postgres -o requirements.lock
	$(LOCK) --extra spark -c requirements.lock -o requirements-spark.lock

clean:  ## remove the environment and what dbt compiled; published versions stay
	rm -rf .venv dbt_project/target

# The environment: pinned, hashed, compiled (half the start-up time), the dbt project parsed once.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Python 3.11 is needed; found: $(PYTHON)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q "$$(sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements.lock)"
	$(BIN)/uv pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q orchestration expectations
	$(BIN)/python -c 'from orchestration.warehouse import compiled; compiled.project()'
	@touch $@

# Spark is half a gigabyte: only for whoever asks for it.
$(SPARK): $(READY) requirements-spark.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-spark.lock
	@touch $@

.PHONY: help run test test-quick test-proxy test-debian lint lint-python lint-types lint-models coverage test-postgres test-browser pictures test-office test-spark spark test-all \
	debian setup report ui bench docs format lock clean
