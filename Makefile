# One line of logic per target; `make help` shows them. All tools come from the locked requirements, in .venv.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
TANDEM := $(RUN) -m tandem
STACK ?= wsgi-gthread
URL ?= http://127.0.0.1:8080
ARGS ?=
switch = $(if $(filter-out 0 1,$($1)),$(error $1=$($1) is neither $1=0 nor $1=1))$(if $(filter $2,$($1)),$3)
SERVE = $(TANDEM) serve $(call switch,SHARED,1,--shared) $(call switch,LIMITS,0,--no-limits) $(call switch,LAB,1,--lab) $(call switch,TLS,1,--tls)
TIME ?= 60

.DEFAULT_GOAL := help
.PHONY: help setup servers serve-wsgi serve-asgi serve lab loadtest compare compare-quick compare-standard compare-full capacity lab-report doctor selftest fuzz openapi twins check test test-fast clean clean-results lock nginx-errors schema peers growth

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(VENV)/ready ## Make the environment in .venv from the locked requirements (targets that need it do it by themselves)

$(VENV)/ready: requirements/all.txt pyproject.toml requirements/install
	@requirements/install $(PYTHON) $(VENV)

servers: $(VENV)/servers ## Install the other servers, too: uWSGI, granian, hypercorn and the adapters of tandem/plan/servers.toml

$(VENV)/servers: requirements/servers.txt $(VENV)/ready
	@echo "Installing the other servers ..."
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/servers.txt
	@touch $@

serve-wsgi: setup ## Serve the Flask app at http://127.0.0.1:8080 (STACK=wsgi-sync for another stack, WSGI_PORT= for another port)
	@$(SERVE) $(STACK) $(ARGS)

serve-asgi: setup ## Serve the Starlette app at http://127.0.0.1:8081 (ASGI_PORT= for another port)
	@$(SERVE) asgi $(ARGS)

serve: setup ## Serve both at once (SHARED=1: on one database; LIMITS=0: whoever logs in often is not refused; LAB=1: with routes that block; TLS=1: HTTPS)
	@$(SERVE) $(ARGS)

lab: setup ## Show what blocks and whom it hurts, live: a page with both stacks side by side at http://127.0.0.1:8090 (ARGS="--stacks wsgi-sync,asgi")
	@$(TANDEM) live $(ARGS)

loadtest: setup ## Serve Locust's web page at http://127.0.0.1:8089, aimed at what is being served (URL= for another target; scenario login: LIMITS=0 make serve, blocking: LAB=1 make serve)
	@$(VENV)/bin/locust -f loadtest/ --web-host 127.0.0.1 -H $(URL) $(ARGS)

compare: setup ## Compare the stacks in 6 minutes (up to 10 where rounds must be repeated), then open results/latest/report.html: throughput, cost, and who is late when something blocks
	@$(TANDEM) compare --quick $(ARGS)

compare-quick: compare ## Another name of it

compare-standard: setup ## The same in up to 30 minutes: smaller differences, response times at a fixed rate, equality
	@$(TANDEM) compare --profile standard $(ARGS)

compare-full: setup ## Beyond compare-standard, in up to 75 minutes: the stack wsgi-sync, the scenarios pages and write, and at the end the search of make capacity
	@$(TANDEM) compare --profile full $(ARGS)

capacity: setup ## The highest rate that each stack serves with p99 below 100 ms, plus what the scenario waits for a third party, about 12 minutes (ARGS="--scenarios everyday --target-ms 50")
	@$(TANDEM) capacity $(ARGS)

lab-report: setup ## What happens to everyone else when something blocks, about 40 minutes (ARGS="--part kinds", repairs, ladder, dose or smoke; --kinds, --stacks)
	@$(TANDEM) lab $(ARGS)

doctor: setup ## Check this machine: what would spoil a comparison (make ends with 0 all the same; `tandem doctor` itself ends with 1 where something would)
	@$(TANDEM) doctor || [ $$? -eq 1 ]

selftest: setup ## Try to fool the harness, and print what was done, what was seen and what would have been wrong
	@$(RUN) -m pytest tests/selftest -rP $(ARGS)

fuzz: setup ## Ask both apps the same, good requests and bad, and tell where they differ (TIME=600 seconds, ARGS=--seed=1)
	@$(RUN) -m tests.fuzz --time $(TIME) $(ARGS)

build/peers/ready: requirements/peers.txt requirements/install
	@requirements/install $(PYTHON) build/peers peers

peers: setup build/peers/ready ## The same read and wait in six other frameworks (Django twice) beside ours: prints the table of docs/peers.md, in about 12 minutes
	@$(RUN) docs/measurements/frameworks.py $(ARGS)

growth: setup ## Read and page up to 10 million users, wait with up to 2,000 in flight: pictures and numbers into docs/growth/, in about 25 minutes
	@$(RUN) docs/measurements/growth.py $(ARGS)

openapi: setup ## Write docs/openapi.json again
	@$(RUN) -m userdb.openapi > docs/openapi.json

twins: setup ## Show the two apps side by side: what sync and async really change (HTML=1: as a page, build/twins.html)
	@$(RUN) -m tests.twins $(call switch,HTML,1,--html)

check: setup ## Formatting, lint, types, layers; and how old the sample run is
	@$(VENV)/bin/ruff format --check . && $(VENV)/bin/ruff check . && $(VENV)/bin/mypy && $(VENV)/bin/lint-imports --no-cache && $(RUN) -m tests.sample_age

test-fast: setup ## The tests that start no process, in parallel
	@$(RUN) -m tests fast $(ARGS)

test: setup ## All checks and tests, side by side; those that measure come last, one after another
	@$(RUN) -m tests --checks $(ARGS)

clean: ## Remove var (databases, session keys, certificate), build (the environment of make peers) and caches, if nothing runs (results and .venv stay)
	@$(PYTHON) -m tandem.launch.lock
	@rm -rf var build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

clean-results: ## Remove all results in results/, after asking
	@$(PYTHON) -m tandem.launch.lock
	@printf 'Remove %s with all runs in it? [y/N] ' "results/ ($$(ls -d results/2* 2>/dev/null | wc -l) runs)"; \
	read -r answer && [ "$$answer" = y ] && rm -rf results && echo "removed" || echo "nothing was removed"

lock: ## Lock the requirements again (needs uv)
	@requirements/lock

nginx-errors: setup ## Write nginx/userdb/errors.conf again
	@$(RUN) -m userdb.nginx_errors > nginx/userdb/errors.conf

schema: setup ## Write the JSON Schema of summary.json again
	@$(RUN) -m tandem.report.schema > tandem/report/summary.schema.json
