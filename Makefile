# make drill: try it.  make test: everything a commit needs.  make test-all: with the slow tiers.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
# What the tests drive for real: a terminal multiplexer, servers of many protocols, systemd's tools, and the engine's peers.
PACKAGES := python3-venv kamailio sip-tester baresip-core tmux knot prometheus prometheus-blackbox-exporter ngircd dovecot-imapd \
	dovecot-lmtpd prosody openssh-server systemd man-db curl iproute2 bind9-dnsutils fping sipsak
PACKAGES_ALL := $(PACKAGES) chromium wireguard-tools wireguard-go wordpress mariadb-server php-cli php-mysql \
	wordpress-theme-twentytwentythree

# Most tests wait for real servers and clocks; the tests of one file stay together, since they share them.
WORKERS := -n 3 --dist loadfile

.PHONY: drill test test-all check format bench screenshots packages packages-all clean

drill: $(VENV)/.installed
	$(BIN)/outagetui drill

test: packages check
	$(BIN)/python -m pytest tests $(WORKERS) -m 'not slow and not alone'
	$(BIN)/python -m pytest tests -m 'alone and not slow'

test-all: packages-all check
	$(BIN)/python -m pytest tests $(WORKERS) -m 'not alone' --timeout 1800
	$(BIN)/python -m pytest tests -m alone --timeout 1800

check: $(VENV)/.dev
	$(BIN)/ruff format --check outagetui tests
	$(BIN)/ruff check outagetui tests
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix outagetui tests
	$(BIN)/ruff format outagetui tests

bench: packages $(VENV)/.dev
	$(BIN)/python -m tests.bench

screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.screenshots screenshots

$(VENV)/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "outagetui needs Python 3.11 or newer: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv; \
		else echo "The venv module is missing: sudo apt-get install python3-venv" >&2; exit 1; fi; }
	$(PYTHON) -m venv $(VENV)

# What the man pages are made of.
MANUAL := $(wildcard outagetui/manual/*.md outagetui/manual/*.py)

$(VENV)/.installed: pyproject.toml $(MANUAL) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: pyproject.toml $(MANUAL) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed

# A package's services must not start: the tests start their own servers on loopback.
define install_packages
	@missing=(); for p in $(1); do \
		dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing+=($$p); done; \
	if [ $${#missing[@]} -gt 0 ]; then \
		if [ "$$(id -u)" != 0 ]; then echo "The tests need: sudo apt-get install $${missing[*]}" >&2; exit 1; fi; \
		kept=; if [ ! -e /usr/sbin/policy-rc.d ]; then printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; \
			chmod +x /usr/sbin/policy-rc.d; kept=1; fi; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $${missing[@]} >/dev/null; \
		status=$$?; [ -z "$$kept" ] || rm -f /usr/sbin/policy-rc.d; exit $$status; fi
endef

packages:
	$(call install_packages,$(PACKAGES))

packages-all:
	$(call install_packages,$(PACKAGES_ALL))

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
