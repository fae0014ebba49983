# `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run goodbooks train install test test-fast coverage test-fuzz test-faults test-image test-cluster lint sbom requirements screenshots words bench bench-quality bench-published bench-catalog bench-matching bench-search bench-openlibrary bench-new-books bench-admin bench-pages bench-load bench-serving bench-index bench-build bench-stars bench-tune

# The Python that makes .venv: the newest supported one that runs and can do so. Where there is
# none, recsite.local.install tells what is wrong with python3.
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c "import ensurepip" 2>/dev/null && echo "$$name" && exit; done; command -v python3)
IN_VENV := .venv/bin/python
CODE := recsite catalog recommender workers spark tests manage.py gunicorn.conf.py
# Checks that load the settings open nothing, so that any well-formed values do.
CHECK_ENV := SECRET_KEY=not-a-secret-only-for-the-checks-of-make-lint \
	DATABASE_URL=postgres://nobody@127.0.0.1/none REDIS_URL=redis://127.0.0.1/0
PYTEST_ARGS ?=
CHROMIUM := $(firstword $(shell command -v chromium-headless-shell chromium chromium-browser google-chrome))
# Browser tests need a browser of the system; .ci/run installs it.
MARKS := $(if $(CHROMIUM),,-m "not browser")
# pytest keeps the tests it has rewritten, and the many processes they start keep their bytecode.
unexport PYTHONDONTWRITEBYTECODE

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

run: .python ## install, start everything, load a catalog, build a release, serve the site
	@$(PYTHON) -m recsite.local.install site
	@exec $(IN_VENV) -m recsite.local.run

goodbooks: .python ## bring the full goodbooks-10k into the site and build a release from it
	@$(PYTHON) -m recsite.local.install site
	@exec $(IN_VENV) -m recsite.local.goodbooks

train: .python ## a release that learns from the site's own readers too, put in use if it is no worse
	@$(PYTHON) -m recsite.local.install site
	@exec $(IN_VENV) -m recsite.local.train

install: .python ## make .venv with all requirements
	@$(PYTHON) -m recsite.local.install all

test: install ## all tests (PYTEST_ARGS="-k word" for some)
	@$(if $(CHROMIUM),,echo "There is no Chromium here, so that the browser tests are left out.")
	@$(IN_VENV) -m pytest -n 3 --dist loadgroup $(MARKS) $(PYTEST_ARGS)

test-fast: install ## the tests that need no service, Spark, S3 or browser
	@$(IN_VENV) -m pytest -n 2 --dist loadgroup \
		-m "not services and not spark and not s3 and not browser" $(PYTEST_ARGS)

coverage: install ## all tests, and how much of each module they run, branches counted
	@$(IN_VENV) -m pytest -n 3 --dist loadgroup $(MARKS) --cov --cov-report=term $(PYTEST_ARGS)

test-fuzz: install ## FUZZ requests and as many uploads (10000), time and memory measured; every method as everybody
	@FUZZ=$${FUZZ-10000} $(IN_VENV) -m pytest --capture=no tests/addresses

test-faults: install ## break releases (FAULTS=1000), workers (JOBS=100), services, sources; a day passes; SEED draws
	@FAULTS=$${FAULTS-1000} PAIRS=$${PAIRS-all} SOURCE_PAIRS=$${SOURCE_PAIRS-all} JOBS=$${JOBS-100} \
		HOSTILE=$${HOSTILE-10000} DAY_STEP=$${DAY_STEP-15} $(IN_VENV) -m pytest --capture=no \
		tests/faults/test_*.py tests/faults/whole_site.py tests/workers/test_killed.py \
		tests/recommender/services/test_pairs.py tests/recommender/services/test_source_faults.py

test-image: install ## both images, from Containerfile to the first recommendation (root, buildah, podman, mmdebstrap)
	@$(IN_VENV) -m pytest --capture=no tests/image/journey.py

test-cluster: install ## a build on Spark's own cluster of two machines that loses an executor (root, ip)
	@$(IN_VENV) -m pytest --capture=no tests/spark/standalone.py

lint: install ## style, types, import walls, migrations, templates, security, known holes
	$(IN_VENV) -m ruff check $(CODE)
	$(IN_VENV) -m ruff format --check $(CODE)
	$(CHECK_ENV) $(IN_VENV) -m mypy
	$(IN_VENV) .venv/bin/lint-imports
	$(CHECK_ENV) $(IN_VENV) manage.py check --fail-level WARNING
	$(MAKEMIGRATIONS) --check --dry-run
	$(IN_VENV) -m djlint --quiet --lint templates
	$(IN_VENV) -m bandit --quiet --configfile pyproject.toml --recursive \
		recsite catalog recommender workers spark manage.py
	git ls-files -z | grep -zvE '$(NO_SECRETS)' | xargs -0 \
		$(IN_VENV) -m detect_secrets.pre_commit_hook --no-verify --baseline .secrets.baseline
	AUDIT=$${AUDIT-optional} .ci/audit

# Hashes of packages, data, and code of others. Keywords are bandit's and ruff's part.
NO_SECRETS := (requirements\.txt|\.svg|\.csv|\.tsv|\.woff2|\.png|\.secrets\.baseline)$$|^static/vendor/

sbom: install ## the bills of materials of a site and of its training (CycloneDX) into .local/
	@mkdir -p .local
	@$(SBOM) --output-file .local/sbom.json requirements.txt
	@$(SBOM) --output-file .local/sbom-spark.json spark/requirements.txt
	@echo "The bills of materials are .local/sbom.json and .local/sbom-spark.json."

SBOM := $(IN_VENV) -W "ignore:The Component this BOM is describing" -m cyclonedx_py requirements \
	--pyproject pyproject.toml --mc-type application --output-reproducible

.PHONY: migrations
migrations: install ## write the migration of changed models, called NAME
	$(MAKEMIGRATIONS) --name $(or $(NAME),$(error NAME says what has changed, as in NAME=digests))

# No database need be there to write or to miss a migration.
MAKEMIGRATIONS := $(CHECK_ENV) $(IN_VENV) \
	-W "ignore:Got an error checking a consistent migration history" manage.py makemigrations

words: install ## all that somebody may read on a page or in a message, into docs/WORDS.md
	@$(IN_VENV) -m tests.words

screenshots: install ## pictures of the main pages of the running SITE, on the starter shelf
	@$(IN_VENV) -m tests.browser.screenshots $(or $(SITE),http://127.0.0.1:8000)

bench: bench-quality bench-stars bench-catalog bench-matching bench-search bench-admin ## all benchmarks, each beside its peers

bench-quality: install .venv-bench ## recommendations beside peers' on BOOKFOLD_DATA (BENCH_ARGS=--keep: ours anew)
	@.venv-bench/bin/python -m spark.bench.quality \
		--data "$${BOOKFOLD_DATA:?names a goodbooks folder}" --json .local/quality.json $(BENCH_ARGS)
	@$(IN_VENV) -m spark.bench.plots .local/quality.json docs/plots

bench-published: install .venv-bench ## by the protocol of published figures, on BOOKFOLD_DATA, and with what came last hidden
	@.venv-bench/bin/python -m spark.bench.published --data "$${BOOKFOLD_DATA:?names a goodbooks folder}" $(BENCH_ARGS)

# Peers bring PyTorch with them, so that they stay out of .venv. SANSA has to be compiled.
SUITESPARSE := $(wildcard $(or $(SUITESPARSE_INCLUDE_DIR),/usr/include/suitesparse)/cholmod.h)
.venv-bench: spark/bench/requirements.txt spark/bench/sansa-requirements.txt
	$(IN_VENV) -m uv venv --quiet --clear $@
	$(IN_VENV) -m pip --python $@ install --quiet -r $<
ifneq ($(SUITESPARSE),)
	$(IN_VENV) -m pip --python $@ install --quiet --require-hashes -r spark/bench/sansa-requirements.txt
else
	@echo "SANSA is left out: it needs SuiteSparse (libsuitesparse-dev) and a C compiler."
endif
	@touch $@

bench-catalog: install ## enrichment and matching of the whole catalog, on BOOKFOLD_DATA
	@$(IN_VENV) -m tests.bench.catalog --data "$${BOOKFOLD_DATA:?names a goodbooks folder}"

bench-matching: install ## drawn exports of every format find their books, on BOOKFOLD_DATA
	@$(IN_VENV) -m tests.bench.matching.measure --data "$${BOOKFOLD_DATA:?names a goodbooks folder}"

bench-search: install ## 1,000 known books of BOOKFOLD_DATA asked for in seven ways, also among 100,000
	@$(IN_VENV) -m tests.bench.search --data "$${BOOKFOLD_DATA:?names a goodbooks folder}" $(BENCH_ARGS)

bench-openlibrary: install ## dumps of 200,000 drawn works made into a catalog and loaded, beside BOOKFOLD_DATA
	@$(IN_VENV) -m tests.bench.openlibrary --data "$${BOOKFOLD_DATA:?names a goodbooks folder}" $(BENCH_ARGS)

bench-new-books: install ## lists for ten readers of books since 2018, by BOOKFOLD_DATA and the release in STORE
	@$(IN_VENV) -m tests.bench.new_books --data "$${BOOKFOLD_DATA:?names a goodbooks folder}" \
		--store "$${STORE:?names a store with a release}"

bench-admin: install ## queries, server time and weight of each list of the admin, 10,000 books
	@$(IN_VENV) -m pytest tests/bench/admin.py --quiet --capture=no

bench-stars: install ## expected stars on a random fifth of BOOKFOLD_DATA, beside plain means
	@$(IN_VENV) -m spark.bench.stars --data "$${BOOKFOLD_DATA:?names a goodbooks folder}"

bench-pages: install ## server time and weight of the recommendations page
	@$(IN_VENV) -m pytest tests/bench/pages.py --quiet --capture=no --durations=0

bench-serving: install .venv-bench ## lists from releases of up to a million drawn books, beside implicit
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv-bench/bin/python -m tests.bench.serving $(BENCH_ARGS)

bench-index: install .venv-bench ## indexes of the factors of 200,000 books, spread from the release in STORE
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv-bench/bin/python -m tests.bench.index \
		--store "$${STORE:?names a store with a release}" $(BENCH_ARGS)

bench-build: install .venv-bench ## builds of 1.5 and 3 million drawn ratings, by step, beside implicit (an hour)
	@.venv-bench/bin/python -m spark.bench.build $(BENCH_ARGS)

bench-load: install .venv-load ## pages with one and four readers at once, on BOOKFOLD_DATA
	@$(IN_VENV) -m tests.bench.load --data "$${BOOKFOLD_DATA:?names a goodbooks folder}" \
		--locust .venv-load/bin/locust $(BENCH_ARGS)

# What asks for the pages has other pins than the site.
.venv-load: tests/bench/load/requirements.txt
	$(IN_VENV) -m uv venv --quiet --clear $@
	$(IN_VENV) -m pip --python $@ install --quiet --require-hashes -r $<
	@touch $@

bench-tune: install ## search the hyper-parameters of the factors, on BOOKFOLD_DATA (an hour)
	@$(IN_VENV) -m spark.bench.tune --data "$${BOOKFOLD_DATA:?names a goodbooks folder}"

requirements: install ## renew the pinned requirements from pyproject.toml
	$(COMPILE) --generate-hashes --group web --output-file requirements.txt
	$(COMPILE) --generate-hashes --group spark --constraint requirements.txt \
		--output-file spark/requirements.txt
	$(COMPILE) --generate-hashes --group tests --constraint requirements.txt \
		--constraint spark/requirements.txt --output-file tests/requirements.txt
	$(COMPILE) --generate-hashes --group load --output-file tests/bench/load/requirements.txt
	$(COMPILE) --group spark --group bench --constraint spark/requirements.txt \
		--output-file spark/bench/requirements.txt
	$(COMPILE) --generate-hashes --group sansa --constraint spark/bench/requirements.txt \
		--output-file spark/bench/sansa-requirements.txt
	sed -i -E '/^(nvidia-|cuda-|triton)/d' spark/bench/requirements.txt  # torch's for CPUs needs none

# One file for all supported Pythons. The benchmarks' has no hashes: torch for CPUs alone comes in
# other files than the one the index names, and pip checks the hashes of all packages or of none.
COMPILE := $(IN_VENV) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--no-header --no-emit-index-url --no-emit-find-links --no-annotate

.PHONY: .python
.python:
	@test -n "$(PYTHON)" || { echo "Bookfold needs Python 3.11 to 3.14; install one of them."; exit 1; }
install: .python
