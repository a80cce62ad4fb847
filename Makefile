# SPDX-License-Identifier: GPL-3.0-or-later
# Every task of the project by name; `make help` lists them.
SHELL := /bin/sh
.DELETE_ON_ERROR:
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONPATH := $(CURDIR)/services:$(CURDIR)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
PYTEST := pytest -q

.PHONY: help
help: ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

##### Environment

.venv/.made: requirements/dev.txt requirements/uv.txt tools/bootstrap/venv.sh
	tools/bootstrap/venv.sh

.PHONY: venv lock
venv: .venv/.made ## Make or renew the development environment (.venv).
lock: venv ## Write the lock files in requirements/ anew.
	tools/bootstrap/lock.sh

##### The platform on test hosts

.PHONY: up down wheelhouse channel
up: venv ## Boot test hosts, install the platform on them, print address and first password.
	python -m tools.up
down: venv ## Remove the test hosts and all that belongs to them.
	python -m tools.up --down
wheelhouse: venv ## Build the wheel and gather every locked dependency (cached).
	python -m tools.wheelhouse
channel: venv ## Build the local conda channel that `make up` uses (cached).
	tools/bootstrap/debian.sh channel
	python -m tools.channel build

##### Checks: no host, no service, under three minutes

CHECKS := check-style check-types check-yaml check-ansible check-project check-unit
.PHONY: check $(CHECKS)
check: venv ## Lint, types and unit tests.
	@$(MAKE) --jobs=2 --output-sync=target $(CHECKS)
check-style: venv
	ruff check .
	ruff format --check .
check-types: venv
	mypy
check-yaml: venv
	yamllint --strict .
check-ansible: venv
	ansible-lint --offline --profile production
	antsibull-changelog lint
	antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self .
check-project: venv
	python -m tools.checks
check-unit: venv
	$(PYTEST) -n auto tests/unit

##### Tests on real parts

.PHONY: test test-integration test-own-origins test-all-in-one test-cluster test-operations test-accounts test-secured test-trixie test-bundle test-artifact test-fleet test-sanity
test: check test-integration test-all-in-one test-cluster ## Everything. Needs root.
test-integration: venv ## Services against a real mongod, NGINX and conda channel on loopback.
	tools/bootstrap/debian.sh test
	$(PYTEST) tests/integration/hosts
	$(PYTEST) --durations 25 -n 3 --dist loadfile tests/integration --ignore=tests/integration/hosts --ignore=tests/integration/browser
test-own-origins: venv channel ## JupyterLab at a project's own origin, in a real browser, on loopback.
	tools/bootstrap/debian.sh test
	$(PYTEST) tests/integration/browser
test-all-in-one: venv wheelhouse channel ## The three tiers on one test host, by molecule.
	molecule test -s default
test-cluster: venv wheelhouse channel ## Six test hosts by molecule, then functional and browser tests on them.
	tools/bootstrap/debian.sh test
	tools/testing/cluster.sh
test-operations: venv wheelhouse channel ## Upgrade from the first release, new node, new secrets, lost server, on four test hosts.
	tools/bootstrap/debian.sh test
	tools/testing/operations.sh
test-accounts: venv wheelhouse channel ## Each account backend by site.yml on one test host: PAM, a directory, an OpenID provider.
	tools/bootstrap/debian.sh test
	tools/testing/accounts.sh
test-secured: venv wheelhouse channel ## Two test hosts with TLS on every hop, certificates renewed and replaced, behind ufw and firewalld.
	tools/bootstrap/debian.sh test
	tools/testing/secured.sh
test-trixie: venv wheelhouse channel ## The all-in-one scenario on Debian 13.
	AEN_HOST_SUITE=trixie molecule test -s default
test-sanity: venv ## ansible-test sanity on a copy of the collection; some minutes.
	tools/testing/sanity.sh
test-bundle: venv wheelhouse channel ## A bundle, and three test hosts that are cut off from all packages.
	tools/testing/bundle.sh
test-artifact: venv wheelhouse channel ## The collection artifact, used from an empty folder, on one test host.
	tools/testing/artifact.sh
test-fleet: venv wheelhouse channel ## One server, two gateways and fifty compute nodes, with a project on each (AEN_FLEET: fewer).
	tools/bootstrap/debian.sh test
	tools/testing/fleet.sh

##### Release

.PHONY: build bundle screenshots reference clean
build: venv wheelhouse ## Build the wheel and the collection artifact, which carries the wheelhouse, into dist/.
	python -m build --wheel --outdir dist .
	python -m tools.release artifact
bundle: venv wheelhouse channel ## Write the archive for sites without a network into dist/; options in BUNDLE (docs/bundle.md).
	python -m tools.release bundle $(BUNDLE)
screenshots: venv ## Take the pictures of the documentation anew, into docs/images/.
	tools/bootstrap/debian.sh test
	$(PYTEST) tests/e2e/pages/test_pictures.py -k small
	cp tests/e2e/out/pictures/*.png docs/images/
reference: venv ## Write the reference of roles, modules and plugins as pages into build/reference/.
	rm -rf build/reference && mkdir -p build/reference/rst
	antsibull-docs collection --use-current --squash-hierarchy --output-format simplified-rst --dest-dir build/reference/rst wakari.aen
	sphinx-build -q -C -D suppress_warnings=toc.not_included -b html build/reference/rst build/reference
clean: ## Remove what was built (not .venv, not caches outside the checkout).
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache
