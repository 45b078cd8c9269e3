# Targets for students, instructors and CI; `make` alone lists them.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3
READY := $(VENV)/.ready
# one thread: the tensors are small, and several processes share the cores
export OMP_NUM_THREADS ?= 1
export JUPYTER_PLATFORM_DIRS := 1
# compiled modules stand beside what is installed, and not among what people read
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(if $(filter /%,$(VENV)),$(VENV),$(CURDIR)/$(VENV))/pycache
# for the set-up (autograder/machine.py): TORCH=cpu takes a small PyTorch, INSTALLER=pip does without uv, INSTALL=no installs
# none of the system's packages
export TORCH INSTALLER INSTALL
MACHINE := "$(PYTHON)" -m autograder.machine
# for make grade; they reach it through the environment, so that no name of a student's is ever a piece of a command
ASSIGNMENT ?=
STUDENT ?= *
JOBS ?=
FORCE ?=
SCHEDULER ?=
DB ?=
# for make collect and make return
FROM ?=
ROSTER ?=
LMS ?=
ZONE ?=
TITLE ?=
DRY ?=
NOTEBOOK ?=
ANONYMOUS ?=
# for make exercises
COURSE_URL ?=
HAND_IN ?=
# for make test
SHARE ?=
# for make new and make lint-source
EXERCISE ?=
SOURCE ?=
ALL ?=
export SHARE EXERCISE SOURCE STUDENT SCHEDULER FROM ASSIGNMENT ROSTER LMS ZONE TITLE NOTEBOOK COURSE_URL HAND_IN
ifneq ($(DB),)
export GRADEBOOK_DB := $(DB)
endif

STYLE = { $(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet . \
    || { echo "ruff is not content: run $(BIN)/ruff check . and $(BIN)/ruff format ."; false; }; } && $(BIN)/mypy --no-error-summary
# on all cores (tests/conftest.py; JOBS=1: on one, in order)
TESTS = $(BIN)/python -m pytest -q -n $(or $(JOBS),auto) --maxprocesses 8

.DEFAULT_GOAL := $(if $(filter command,$(origin TORCH)),ready,help)
.PHONY: help demo test quick build adopt check lab update collect grade formgrader report self-grade return cluster scheduler worker
.PHONY: bench screenshots clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## ?(.*)/  make \1|\2/' | awk -F'|' '{printf "%-17s %s\n", $$1, $$2}'

.PHONY: ready lock sandbox-there tests-there
.NOTPARALLEL: # what is missing is said before anything else is begun

ready: $(READY) ## set everything up, and do nothing else (TORCH=cpu for a small PyTorch)
$(READY): requirements.txt requirements.lock
	@$(MACHINE) python $(VENV) requirements.txt
	@touch $@

sandbox-there:
	@$(MACHINE) system sandbox
tests-there:
	@$(MACHINE) system sandbox tests

demo: sandbox-there $(READY) ## grade a small made-up class in demo/ and show what comes out
	@$(BIN)/python -m autograder demo

test: tests-there $(READY) cluster ## style, types, unit tests, drift and leak gates, solutions with nbval, and a share of the bank of answers (SHARE=12: a larger one; WHOLE=1: all of it)
	@$(STYLE)
	@$(TESTS) $(if $(WHOLE),,-p tests.share) --nbval --nbval-cell-timeout 600 --nbval-sanitize-with tests/nbval_sanitize.cfg tests solutions

quick: $(READY) ## in less than a minute: style, types, and the tests that the change at hand concerns, as many as fit
	@$(STYLE)
	@$(TESTS) -p no:nbval -p tests.quick tests || [ $$? -eq 5 ] # 5: no test is concerned

build: $(READY) ## build source, exercise and solution notebooks from source/*/*.py; leaves what holds typed answers
	@$(BIN)/python -m autograder build

.PHONY: new lint-source
new: $(READY) ## begin an exercise, a small one that works, in source/ (EXERCISE=7_my_layer; docs/authors.md)
	@$(BIN)/python -m autograder new -- "$$EXERCISE"

lint-source: $(READY) ## say what each graded cell of an exercise catches and what slips through (SOURCE=7_my_layer; without: all; ALL=1: every mistake)
	@$(BIN)/python -m autograder lint-source $(if $(ALL),--all) -- "$$SOURCE"

.PHONY: exercises
exercises: $(READY) ## build the exercises and say in them where the course is published (COURSE_URL=https://github.com/OWNER/REPO HAND_IN="...")
	@$(BIN)/python -m autograder exercises --course-url="$$COURSE_URL" --hand-in="$$HAND_IN"

adopt: $(READY) ## take what was edited in source/*/*.ipynb, in Jupyter, into the source/*/*.py that they are built from
	@$(BIN)/python -m autograder adopt

check: $(READY) ## say whether the committed notebooks are what the sources give, and whether they leak
	@$(BIN)/python -m autograder check

lab: $(READY) ## open the exercises in JupyterLab, in a working copy of yours: work/
	@$(BIN)/python -m autograder lab

update: $(READY) ## carry your answers in work/ over into a new release of the exercises
	@$(BIN)/python -m autograder work --update

grade: sandbox-there $(READY) $(if $(DB)$(SCHEDULER),cluster) ## grade what changed in submitted/ (ASSIGNMENT= STUDENT= JOBS= FORCE=1 SCHEDULER=tcp://... DB=postgresql://...)
	@$(BIN)/python -m autograder build --sources
	@$(BIN)/python -m autograder grade $(ASSIGNMENT) --student="$$STUDENT" --scheduler="$$SCHEDULER" $(if $(JOBS),--jobs $(JOBS)) $(if $(FORCE),--force)

collect: $(READY) ## take a download from an LMS into submitted/ (FROM=downloads.zip or a folder; ASSIGNMENT= ROSTER=roster.csv LMS= ZONE= DRY=1)
	@$(BIN)/python -m autograder build --sources
	@$(BIN)/python -m autograder collect --assignment="$$ASSIGNMENT" --roster="$$ROSTER" --lms="$$LMS" --zone="$$ZONE" $(if $(DRY),--dry) -- "$$FROM"

return: $(READY) ## make what an LMS imports of pages and points, in returned/ (ASSIGNMENT= LMS= TITLE="its name in the LMS"; LMS=gradescope: an autograder)
	@$(BIN)/python -m autograder build --sources
	@$(BIN)/python -m autograder return --assignment="$$ASSIGNMENT" --lms="$$LMS" --title="$$TITLE"

formgrader: $(READY) ## open nbgrader's pages in JupyterLab: who handed in, points and comments by hand, feedback
	@$(BIN)/python -m autograder build --sources
	@$(BIN)/python -m autograder formgrader

report: $(READY) ## say what the class did not understand and what to teach again, in report/ (ANONYMOUS=1: without names)
	@$(BIN)/python -m autograder build --sources
	@$(BIN)/python -m autograder report $(if $(ANONYMOUS),--anonymous)

self-grade: sandbox-there $(READY) ## grade one notebook of yours and open its page (NOTEBOOK=path.ipynb)
	@$(BIN)/python -m autograder self-grade "$$NOTEBOOK"

cluster: $(VENV)/.cluster ## install what a bigger class needs: Dask, and the driver for PostgreSQL
$(VENV)/.cluster: $(READY) requirements-cluster.txt
	@$(MACHINE) python $(VENV) requirements.txt requirements-cluster.txt
	@touch $@

.PHONY: older
older: $(READY) ## make another environment, .venv-older, with the oldest torch that grading is for (OLDER_TORCH=.venv-older/bin/python make test)
	@[ -e .venv-older/.ready ] || { $(BIN)/python -m autograder.machine older .venv-older && touch .venv-older/.ready; }

.PHONY: homes
homes: $(READY) ## make kernels of other releases, Colab's and an old one's, in .homes: make test solves the exercises there
	@$(BIN)/python -m autograder.machine homes .homes $(VENV)

.PHONY: otter
otter: $(READY) ## install otter-grader into .otter/, beside the course and not in it: make bench measures it, too
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target .otter otter-grader==7.0.0

scheduler: cluster ## start a Dask scheduler here, at port 8786, for make grade SCHEDULER=tcp://this-machine:8786
	@PYTHONPATH=. $(BIN)/dask scheduler --no-dashboard

worker: sandbox-there cluster ## start a Dask worker for each core (SCHEDULER=tcp://host:8786 JOBS=4)
	@PYTHONPATH=. $(BIN)/dask worker "$$SCHEDULER" --nworkers $(or $(JOBS),-1) --nthreads 1 --memory-limit 0 --no-dashboard

bench: sandbox-there $(READY) ## measure: a class of 30, plain nbgrader, the cells alone; 30 beside 300 (about ten minutes)
	@$(BIN)/python -m autograder build --sources
	@$(BIN)/python -m autograder bench

screenshots: tests-there $(READY) ## make the pictures of README, and contact sheets of all that people see, in screenshots/
	@$(BIN)/python -m autograder screenshots

lock: $(READY) ## resolve requirements*.txt anew, for every system and Python, into requirements.lock
	@$(MACHINE) lock $(VENV)

clean: ## remove .venv, caches and demo/ as it was made; never a notebook, submitted/, autograded/, feedback/ or the gradebook
	@[ ! -e demo ] || "$(PYTHON)" -m autograder.untouched demo || true
	rm -rf .venv .venv-older .homes .otter .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
