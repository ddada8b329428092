.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SNOW := $(VENV)/snow
SNOW_INSTALLED := $(SNOW)/.installed
DBT := $(VENV)/dbt
DBT_INSTALLED := $(DBT)/.installed
SCALE ?= 1
RATE ?= 15
BREAK ?=
BENCH ?=
FOLDER ?= .sandbox
PREFECT_PORT ?= 4200
MAILBOX_PORT ?= 8025

.PHONY: help install demo up run status down test test-live bench lint clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

install: $(INSTALLED) $(SNOW_INSTALLED) $(DBT_INSTALLED)  ## make .venv and install the requirements, if missing or out of date

$(INSTALLED): requirements.txt requirements-science.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the requirements into $(VENV) (about a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(SNOW_INSTALLED): requirements-snow.txt | $(INSTALLED)
	@echo "installing the Snowflake CLI into $(SNOW): the tests run it against the stand-in (about a minute)"
	@$(PYTHON) -m venv $(SNOW)
	@$(SNOW)/bin/pip install --quiet --disable-pip-version-check -r requirements-snow.txt
	@touch $@

$(DBT_INSTALLED): requirements-dbt.txt | $(INSTALLED)
	@echo "installing dbt into $(DBT): the tests hold versions in time against its snapshots (about a minute)"
	@$(PYTHON) -m venv $(DBT)
	@$(DBT)/bin/pip install --quiet --disable-pip-version-check -r requirements-dbt.txt
	@touch $@

demo: $(INSTALLED)  ## the whole platform from nothing to a proof; SCALE=0.1 for less data, RATE=1 for less traffic, BREAK=marts to see a gate close
	@$(BIN)/python -m sandbox.demo run --folder $(FOLDER)/demo --scale $(SCALE) --rate $(RATE) --break "$(BREAK)"

up: $(INSTALLED)  ## keep the platform running, with live traffic; prints the addresses
	@$(BIN)/python -m sandbox.demo up --folder $(FOLDER)/up --scale $(SCALE) --rate $(RATE) --prefect-port $(PREFECT_PORT) --mailbox-port $(MAILBOX_PORT)

run: $(INSTALLED)  ## run the pipeline now, on the platform that `make up` started
	@$(BIN)/python -m sandbox.demo pipeline --folder $(FOLDER)/up

status: export PLATFORM_ENV_FILE ?= $(if $(wildcard .env),.env,$(FOLDER)/up/platform.env)
status: $(INSTALLED)  ## rows, cursor, lag, last gate and last proof per table
	@$(BIN)/python -m flows.status $(if $(JSON),--json)

down: $(INSTALLED)  ## end what `make up` started
	@$(BIN)/python -m sandbox.demo down --folder $(FOLDER)/up

test: $(INSTALLED) $(SNOW_INSTALLED) $(DBT_INSTALLED) lint  ## lint, types, architecture and all tests
	@$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

test-live: $(INSTALLED)  ## the end-to-end tests on a real SQL Server and Snowflake account: see tests/live.py
	@$(BIN)/python -m pytest --live tests/e2e

bench: $(INSTALLED)  ## speed and memory, as ratios within one run; BENCH=stand-in-reads for one of them
	@$(BIN)/python -m benchmarks $(BENCH)

lint: $(INSTALLED)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

clean:  ## remove what the platform made here: .sandbox and .venv
	rm -rf .sandbox $(VENV)
