# Every command runs in .venv, which is set up by the first that needs it and again when a pinned file changes.

PYTHON ?= python3
UV := uv==0.13.9
BIN := .venv/bin
SANDBOX := $(BIN)/python -m include.sandbox
REPORTS := PYTHONPATH=plugins $(BIN)/python -m include.reports
PINNED := requirements.txt include/sandbox/requirements.txt
PINNED_TOOLS := tests/requirements.txt
CLIENTS := sqlalchemy dbt awswrangler dlt
PEERS := orjson dlt pandas
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-emit-index-url --no-header --no-annotate
# Whether images are pulled: missing or never.
export COMPOSE_PULL ?= missing
RANGE := $${FROM:+--from "$$FROM"} $${TO:+--to "$$TO"} $${HOURLY:+--hourly}
DATA_OPTION := $${DATA:+--data "$$DATA"}

# Recipes read what a person gives from the environment, never as part of their text. Q may hold anything, `$` too.
export DATA FROM TO HOURLY PLAN OBJECT REASON NAME OUT SQL CONNECTION SCHEMA LINEAGE STATSD PORT JSON
unexport Q
sql: export SANDBOX_SQL := $(value Q)

.DEFAULT_GOAL := help
.PHONY: help setup tools run test test-long test-clients up down backfill reprocess replay sql report inbox metrics status bench pictures lint clean lock browser

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' Makefile

run: setup ## start everything, load the sample (or DATA=dir, FROM= TO= HOURLY=1), report; stay up until Ctrl-C; LINEAGE=dir, STATSD=host:port
	@$(SANDBOX) run $(DATA_OPTION) $(RANGE)

up: setup ## start what the last run left, in the background, healthy; over the sample with live feed and schedule
	@$(SANDBOX) up --detach $(DATA_OPTION)

down: setup ## stop it; the data is kept
	@$(SANDBOX) down

backfill: setup ## load FROM= TO= (ISO 8601, UTC, TO not included) as one run; HOURLY=1: hour by hour; PLAN=1: only tell
	@$(SANDBOX) backfill $(RANGE) $${PLAN:+--plan}

reprocess: setup ## load exactly the stale hours again (make status shows them)
	@$(SANDBOX) reprocess

replay: setup ## load what is in quarantine again, after a correction (OBJECT= REASON=: parts of the address, the reason)
	@$(SANDBOX) replay $${OBJECT:+--object "$$OBJECT"} $${REASON:+--reason "$$REASON"}

sql: setup ## run Q='...' on the sandbox Redshift; rows tab-separated, nothing else with make -s
	@printf %s "$$SANDBOX_SQL" | $(SANDBOX) sql

# NAME only from the command line: some systems have a variable of that name in the environment.
report: setup ## answers of include/sql/reports as tables and PNGs (FROM= TO= NAME= OUT=dir SQL=1; CONNECTION=id: any warehouse)
	@$(if $(CONNECTION),$(REPORTS) --connection "$$CONNECTION",$(SANDBOX) report) $(RANGE) $(if $(filter command,$(origin NAME)),--name "$$NAME") $${OUT:+--out "$$OUT"} $${SQL:+--sql} $(if $(CONNECTION),$${SCHEMA:+--schema "$$SCHEMA"})

inbox: setup ## the alerts that arrived by SNS, e-mail, Slack and webhook, newest last
	@$(SANDBOX) inbox

metrics: setup ## print the run metrics as they arrive from make run STATSD=127.0.0.1:8125 (PORT= for another)
	@$(SANDBOX) metrics $${PORT:+--port "$$PORT"}

status: setup ## what became of the hours, checks, quarantine, incidents; exits 1 if something needs a person; JSON=1
	@$(SANDBOX) status $${JSON:+--json}

test: tools browser ## run the tests (ARGS= for pytest)
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not long and not compose" $(ARGS)

test-long: tools browser ## run the tests that take minutes
	@$(BIN)/python -m pytest -m long $(ARGS)

test-clients: tools ## run real clients against the sandbox Redshift; print what each can do (ARGS= for the names of some)
	@$(BIN)/python -m tests.clients $(ARGS)

.PHONY: test-compose env server server-down

test-compose: tools ## bring docker-compose.yaml up for real, with either executor (needs Docker; COMPOSE_PULL=never: only present images)
	@$(BIN)/python -m pytest -m compose $(ARGS)

env: ## write .env for docker-compose.yaml, with a new password or key wherever one is needed
	@$(PYTHON) include/docker/env.py

server: ## build and start docker-compose.yaml as .env says, in containers, healthy before it returns
	@docker compose up --build --detach --wait --pull $(COMPOSE_PULL)

server-down: ## stop and remove those containers; the volumes, with all data, are kept
	@docker compose --profile sandbox --profile celery down

bench: tools browser ## measure: name, figure, mark, ok or short (ARGS= for the names of some)
	@$(BIN)/python -m tests.benchmarks $(ARGS)

.PHONY: aws-connections aws-user aws-mwaa aws-lint
STACK_OPTIONS = "$${STACK:?is missing: make $@ STACK=name [REGION=region]}" $${REGION:+--region "$$REGION"}
export STACK REGION APPLY

aws-connections: setup ## print Airflow's settings for STACK= [REGION=] as a file of variables; APPLY=1: set them; OUT=dir: files to import
	@$(BIN)/python -m include.aws connections $(STACK_OPTIONS) $${APPLY:+--apply} $${OUT:+--out "$$OUT"}

aws-user: setup ## print the SQL by which an administrator makes Airflow's user in the warehouse of STACK= [REGION=]
	@$(BIN)/python -m include.aws user $(STACK_OPTIONS)

aws-mwaa: setup ## write what a managed Airflow is given (OUT=dir, default build/mwaa)
	@$(BIN)/python -m include.aws mwaa "$${OUT:-build/mwaa}"

aws-lint: tools ## check the CloudFormation template
	@$(BIN)/cfn-lint --include-checks I -- include/aws/template.yaml

pictures: tools browser ## take the pictures in these pages anew, from what is up (make up over the sample)
	@$(SANDBOX) report --from 2018-12-01 --to 2018-12-08 --out include/docs/reports >/dev/null
	@$(BIN)/python -m tests.pictures

lint: tools aws-lint ## check style, types, SQL and the CloudFormation template
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint include/sql

clean: ## stop everything and forget all data (.sandbox/)
	@if [ -x $(BIN)/python ]; then $(SANDBOX) down; fi
	@rm -rf -- "$${SANDBOX_STATE:-.sandbox}"

lock: setup ## pin the newest packages that pyproject.toml allows
	@$(COMPILE) --upgrade --all-extras pyproject.toml -o requirements.txt
	@$(COMPILE) --upgrade --group server -c requirements.txt -o include/docker/requirements.txt
	@$(COMPILE) --upgrade --group sandbox -c requirements.txt -o include/sandbox/requirements.txt
	@$(COMPILE) --upgrade --group test -c requirements.txt -c include/sandbox/requirements.txt -o tests/requirements.txt
	@for client in $(CLIENTS); do $(COMPILE) --upgrade --group client-$$client -o tests/clients/requirements/$$client.txt; done
	@for peer in $(PEERS); do $(COMPILE) --upgrade --group peer-$$peer -o tests/benchmarks/peers/requirements/$$peer.txt; done

setup: .venv/pinned

.venv/pinned: $(PINNED)
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 10) <= v <= (3, 13) or sys.exit("Python %d.%d is not supported: install 3.10 to 3.13, or name one: make PYTHON=python3.12" % v)' >&2
	@[ -x $(BIN)/python ] || { echo "Setting up .venv" && $(PYTHON) -m venv .venv; } >&2 \
	  || { rm -rf .venv; echo "Python cannot make a virtual environment: install its venv module (Debian: python3-venv)." >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV) >&2
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python $(PINNED) >&2
	@touch $@

# Tests and linters are set up by the first that needs them, so that the first `make run` waits for less.
tools: .venv/pinned-tools

.venv/pinned-tools: .venv/pinned $(PINNED_TOOLS)
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python $(PINNED) $(PINNED_TOOLS) >&2
	@touch $@

browser:
	@tests/chromium >/dev/null
