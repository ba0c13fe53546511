# Proto Admin: `make help` lists what there is. Plain POSIX make; the shell parts are in .ci/.
.POSIX:
.SUFFIXES:
.PHONY: help run serve test lint bench screenshots clean venv keys

VENV = .venv
PY = $(VENV)/bin/python

help:
	@echo "make run          try it: database, demo data, sandbox, web server and worker; Ctrl-C ends it"
	@echo "                  (another port: PORT=8010 make run)"
	@echo "make serve        web server and worker for real use"
	@echo "make test         the whole test suite"
	@echo "make lint         style, types, migrations, deployment checks"
	@echo "make bench        the benchmarks, promised beside found (some: BENCH=clicks make bench)"
	@echo "make screenshots  take the pictures in README.md anew"
	@echo "make clean        remove the virtual environment and caches; var/ with your data stays"

run: keys
	@exec $(PY) manage.py serve --demo --with-parent

serve: keys
	@exec $(PY) manage.py serve --with-parent --host "$${LISTEN_HOST:-127.0.0.1}"

keys: venv
	@exec $(PY) -m protoadmin.serving.keys

venv:
	@exec sh .ci/venv $(VENV)

test: venv
	@exec $(PY) -m tests.support.whole_suite

lint: venv
	@exec sh .ci/lint $(VENV)

bench: venv
	@exec $(PY) -m tests.bench

screenshots: venv
	@exec $(PY) -m tests.support.screenshots

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
