# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

INVENTORY ?= lab
# All of them if it is empty.
SCENARIO ?=

VENV := .venv
STAGES := lint sanity unit browser build molecule
# An assignment first, because `eval "$(false)"` succeeds.
IN_LAB = python3 -m lab up; env="$$(python3 -m lab env)"; eval "$$env";

export INVENTORY
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export MOLECULE_GLOB := molecule/*/molecule.yml

##@ The two that matter
.PHONY: demo test
demo: setup ## The main job on the lab: converge, prove it on the wire, converge again (INVENTORY=lab)
	@$(IN_LAB) lab/demo
	@python3 -m lab kernel --background

test: setup ## Everything that CI runs: lint, sanity, unit, browser, build, molecule
	@for stage in $(STAGES); do \
	  echo "=== $$stage"; begin=$$SECONDS; \
	  $(MAKE) --no-print-directory $$stage || { echo "=== $$stage failed after $$((SECONDS - begin)) s"; exit 1; }; \
	  echo "=== $$stage passed in $$((SECONDS - begin)) s"; \
	done; echo "=== all passed in $$SECONDS s"

##@ The stages of the test
.PHONY: lint sanity unit browser build molecule
lint: setup ## ansible-lint, yamllint, shellcheck, changelog fragments
	tests/lint.sh

sanity: setup ## ansible-test sanity on every Python that is at hand
	tests/sanity.sh

unit: setup ## The unit tests
	pytest tests/unit -n auto --dist worksteal

browser: setup ## The page of report.yml in a headless Chromium, which is installed if there is none; screenshots in tests/output/browser
	@python3 -m tests.browser.install
	pytest tests/browser

build: setup ## Build the tarball, install it elsewhere, use it from there
	tests/tarball.sh

molecule: setup ## Scenarios, on several labs at once (SCENARIO="keepalived failover" are some)
	@python3 tests/scenarios.py $(SCENARIO)

##@ The long proofs
.PHONY: chaos bench
chaos: setup ## Faults and load, with big counts; resumes where it stopped (PART="properties failover"); writes docs/chaos.md
	@python3 tests/chaos.py $(PART)

bench: setup ## Costs and times
	@benchmarks/run

##@ The lab
.PHONY: lab lab-env lab-status lab-down
lab: ## Bring up a Docker Engine whose kernel has IPVS
	python3 -m lab up

lab-env: ## What a shell needs to use it: eval "$(make -s lab-env)"
	@python3 -m lab env

lab-status: ## What of the lab is there
	@python3 -m lab status

lab-down: ## Take it down; what it cached stays
	python3 -m lab down

##@ The rest
.PHONY: setup clean help
setup: $(VENV)/.installed ## The virtual environment with what requirements.txt pins (PYTHON=python3)

$(VENV)/.installed: requirements.txt tools/venv.sh
	@tools/venv.sh $(VENV) $<
	@touch $@

clean: ## Remove the virtual environment, caches and built tarballs; the lab stays
	rm -rf $(VENV) .ansible .hypothesis .pytest_cache tests/output *.tar.gz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## This list
	@awk -F ':.*## ' '/^##@/ {print "\n" substr($$0, 5)} /^[a-z].*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
