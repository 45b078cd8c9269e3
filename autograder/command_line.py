"""The one command line, ``python -m autograder``: what can be asked for, and in which words. The modules do it.

Each command imports what it needs when it is called. So help is there at once, and what needs no sandbox works wherever
Python does, Windows included.
"""

import os
import re
import sys
from typing import Any

import click

from autograder.files import refused
from autograder.handed_in.naming import printable

NAME = "python -m autograder"


class _Commands(click.Group):
    """Says in one place, for every command, what the file system does not let it do."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # who reads what is printed has gone: click ends without a word
        except OSError as error:
            click.echo(printable(refused(error)), err=True)
            ctx.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Build the course, and grade those who take it. COMMAND --help says more of each, with an example."""


@commands.command(short_help="Build source, exercise and solution notebooks.")
@click.option("--sources", is_flag=True, help="Make only what grading needs; exercises and solutions stay as they are.")
def build(sources: bool) -> None:
    """Build the source, exercise and solution notebooks from the texts source/*/*.py, and record them in the gradebook.

    What holds answers that somebody typed is left as it is, and named. Where the forward pass, the solution or the checks of an
    exercise are new, mistakes are tried on them first, and it is not built if one slips through (on Linux and macOS).

    Example: python -m autograder build
    """
    from autograder.course import build

    if sources or os.name != "posix":
        sys.exit(build.main(sources))
    from autograder.authoring import before_a_build

    sys.exit(build.main(sources, before_a_build.slips_through))


@commands.command(short_help="Begin an exercise: a small one that works.")
@click.argument("exercise")
def new(exercise: str) -> None:
    """Write source/EXERCISE/EXERCISE.py, a small exercise that works, for its author to make another of (docs/authors.md).

    Nothing that is there is written over.

    Example: python -m autograder new 7_my_layer
    """
    from autograder.authoring import new

    sys.exit(new.main(exercise))


@commands.command(short_help="Say what the checks of an exercise are worth.")
@click.argument("source", default="")
@click.option("--all", "every", is_flag=True, help="Try all mistakes that can be made, not some hundreds.")
def lint_source(source: str, every: bool) -> None:
    """Say for each graded cell of an exercise (of all, without SOURCE) what it grades and what it catches.

    Mistakes are made from the solution, and judged; some are run as a student's notebook, and check is compared with the
    grade. What the text warns of is to be named, and nothing is to give the answer away. It takes a minute or two for each
    exercise, and changes no file of the course.

    Example: python -m autograder lint-source 3_fused_batchnorm
    """
    _needs_linux()
    from autograder.authoring import lint

    sys.exit(lint.main(source, every))


@commands.command(short_help="Build exercises that say where they are published.")
@click.option("--course-url", default="", help="The course's repository: https://github.com/OWNER/REPO")
@click.option("--hand-in", default="", help="A sentence on where one hands in, with a link if you like.")
def exercises(course_url: str, hand_in: str) -> None:
    """Build the exercises with "Open in Colab" badges, the address of names.txt, and how one hands in.

    The address is written down in source/published.toml; delete that file, and it is in no notebook any more.

    \b
    Example: python -m autograder exercises --course-url=https://github.com/OWNER/REPO
    """
    from autograder.course import build

    sys.exit(build.publish(course_url, hand_in))


@commands.command(short_help="Say whether the committed notebooks are what the sources give.")
def check() -> None:
    """Say whether the committed notebooks are what the sources give (no drift), and tell nothing (no leaks).

    Nothing is changed.

    Example: python -m autograder check
    """
    from autograder.course import drift_and_leaks

    sys.exit(drift_and_leaks.main())


@commands.command(short_help="Take edits of source notebooks into their texts.")
def adopt() -> None:
    """Take what was edited in source/*/*.ipynb, in Jupyter, into the texts source/*/*.py that they are built from.

    What is replaced is kept in kept/.

    Example: python -m autograder adopt
    """
    from autograder.course import adopt

    sys.exit(adopt.main())


@commands.command(short_help="Make the working copy of the exercises, or update it.")
@click.option("--update", is_flag=True, help="Carry the answers over into newer releases.")
def work(update: bool) -> None:
    """Copy the exercises into work/, where they are yours: nothing that was typed there is ever written over.

    Example: python -m autograder work --update
    """
    from autograder.working_copy import work

    sys.exit(work.main(update))


@commands.command(short_help="Open the working copy in JupyterLab.")
@click.argument("options", nargs=-1)
def lab(options: tuple[str, ...]) -> None:
    """Make the working copy of the exercises and open it in JupyterLab, as students have it, until Ctrl-C.

    OPTIONS are JupyterLab's own, behind two dashes.

    Example: python -m autograder lab -- --no-browser --port=8890
    """
    from autograder.working_copy import lab

    sys.exit(lab.main(options))


@commands.command(short_help="Take what was downloaded from an LMS into submitted/.")
@click.argument("place")
@click.option("--assignment", default="", help="What files are for that do not tell it themselves.")
@click.option(
    "--roster", default="", help="A class list in CSV: id,name,email,login,lms id; roster.csv if that is there."
)
@click.option(
    "--lms", default="", help="moodle, canvas, blackboard, ilias, github or folder; told from names by default."
)
@click.option("--zone", default="", help="Time zone of the LMS, like Europe/Berlin; this machine's by default.")
@click.option("--dry", is_flag=True, help="Only show what would be done.")
def collect(place: str, assignment: str, roster: str, lms: str, zone: str, dry: bool) -> None:
    """Take an archive or a folder that an LMS let you download into submitted/, and say what became of each file of it.

    Nothing is overwritten without a word: a version that is replaced is kept in kept/.

    Example: python -m autograder collect downloads.zip --roster=roster.csv --dry
    """
    from autograder.lms import collect

    sys.exit(collect.main(place, assignment, roster, lms, zone, dry))


@commands.command(short_help="Grade what has changed in submitted/.")
@click.argument("assignment", nargs=-1)
@click.option("--student", default="*", show_default=True, help="Only this student, or those that match a pattern.")
@click.option("--jobs", type=click.IntRange(min=0), help="Processes that grade; by default one for each core.")
@click.option("--scheduler", help="A Dask scheduler whose workers grade: tcp://host:8786")
@click.option("--force", is_flag=True, help="Grade again what has not changed.")
def grade(assignment: tuple[str, ...], student: str, jobs: int | None, scheduler: str | None, force: bool) -> None:
    """Grade what has changed in submitted/: points to the gradebook, pages to feedback/, a table to grades.csv.

    ASSIGNMENT is the name of a folder in source/; all of them by default. The source notebooks must be there: build --sources.

    Example: python -m autograder grade 1_chunked_backprop --student=ada
    """
    _needs_linux()
    from autograder.classroom import grade
    from autograder.course.exercise import COURSE
    from autograder.lms.gradebook_names import name_students

    status = grade.main(assignment, student, jobs, force, scheduler)
    name_students(COURSE)
    sys.exit(status)


@commands.command(short_help="Open nbgrader's pages for grading by hand.")
@click.argument("options", nargs=-1)
def formgrader(options: tuple[str, ...]) -> None:
    """Open nbgrader's formgrader in JupyterLab at the course's root, until Ctrl-C. It needs a sandbox only to grade.

    The source notebooks must be there: build --sources. OPTIONS are JupyterLab's own, behind two dashes.

    Example: python -m autograder formgrader -- --no-browser
    """
    from autograder.classroom import formgrader
    from autograder.course.exercise import COURSE
    from autograder.lms.gradebook_names import name_students

    name_students(COURSE)
    sys.exit(formgrader.main(options))


@commands.command("return", short_help="Make what an LMS imports of pages and points.")
@click.option("--assignment", default="", help="Only this one; all by default.")
@click.option("--lms", default="", help="Only what came from this one; gradescope: an autograder to upload there.")
@click.option("--title", default="", help="What the LMS calls the assignment, with its number: Exercise 1 (4711)")
def return_(assignment: str, lms: str, title: str) -> None:
    """Write pages and points of what was collected into returned/, as each LMS takes them. Nothing is sent.

    Example: python -m autograder return --lms=canvas
    """
    _needs_linux()
    from autograder.lms import give_back

    sys.exit(give_back.main(assignment, lms, title))


@commands.command(short_help="Grade one submission inside Gradescope's container.")
@click.option("--root", default="/autograder", show_default=True, help="Gradescope's folder.")
def gradescope(root: str) -> None:
    """Grade what is in submission/, and write results/results.json; run_autograder of Gradescope's archive calls it.

    Example: python -m autograder gradescope --root=/autograder
    """
    _needs_linux()
    from autograder.lms import gradescope

    sys.exit(gradescope.main(root))


@commands.command(short_help="Say what the class did not understand, in report/.")
@click.option("--anonymous", is_flag=True, help="Leave out who it was.")
def report(anonymous: bool) -> None:
    """Write report/: for each exercise, and for the course, what was not understood and what to teach again.

    What it is drawn from is what grade has left: grade first. Open report/index.html in a browser.

    Example: python -m autograder report --anonymous
    """
    _needs_linux()
    from autograder.classroom import overview

    sys.exit(overview.main(anonymous))


@commands.command(short_help="Grade one notebook of yours, and open its page.")
@click.argument("notebook")
@click.option("--open/--no-open", "show", default=True, help="Whether to open the page in a browser.")
def self_grade(notebook: str, show: bool) -> None:
    """Grade one notebook as a class is graded, write its page beside it, and open that. There is no gradebook.

    Example: python -m autograder self-grade my_answers.ipynb
    """
    _needs_linux()
    from autograder.classroom import alone

    sys.exit(alone.main(notebook, show))


@commands.command(short_help="Grade a small made-up class in demo/.")
def demo() -> None:
    """Make a course with a small made-up class in demo/, grade it, and show what comes out.

    Example: python -m autograder demo
    """
    _needs_linux()
    from autograder import demo

    sys.exit(demo.main())


@commands.command(short_help="Make README's pictures, and contact sheets.")
def screenshots() -> None:
    """Make the pictures of README, and contact sheets of notebooks, pages, report and formgrader, in screenshots/ and docs/.

    A course is made and graded for them in a folder of its own. It takes some minutes, and chromium.

    Example: python -m autograder screenshots
    """
    _needs_linux()
    from autograder.browsers import screenshots

    sys.exit(screenshots.main())


@commands.command(short_help="Measure what grading costs.")
@click.option(
    "--large", type=click.IntRange(min=0), default=300, show_default=True, help="Size of the large class; 0: none."
)
@click.option("--class-size", type=click.IntRange(min=0), default=0, help="Only this: so many submissions, by Dask.")
@click.option("--workers", default="1,2,4", show_default=True, help="Numbers of Dask's worker processes for that.")
def bench(large: int, class_size: int, workers: str) -> None:
    """Measure what grading costs: a class of 30, plain nbgrader, the cells alone, and 30 beside a large class.

    It takes about ten minutes. The source notebooks must be there: build --sources. With --class-size it is something else:
    what a Dask cluster on this machine does in an hour.

    Example: python -m autograder bench --class-size=300 --workers=1,2,4
    """
    _needs_linux()
    if not re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", workers):
        raise click.BadParameter("numbers of processes with commas between them, like 1,2,4", param_hint="--workers")
    from autograder import bench

    sys.exit(bench.main(large, class_size, [int(number) for number in workers.split(",")]))


def _needs_linux() -> None:
    """Grading starts its processes as only Unix does."""
    if os.name != "posix":
        raise click.ClickException("Grading needs Linux or macOS. On Windows, use WSL or the container (Dockerfile).")


def main() -> None:
    commands(prog_name=NAME, windows_expand_args=False)  # a student's name may be a pattern: it is for grade to match
