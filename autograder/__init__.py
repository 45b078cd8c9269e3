"""What runs on the instructor's side: the build, the judge, nbgrader's steps, grading a class. Imports toolkit, never the
reverse. The rooms, from the ground up; an import only points down (pyproject.toml says it, tests/test_house.py checks it):

    files, untouched   files that are there as a whole or not at all; a folder that a program made
    time_limit         how long something may take that reads what came from elsewhere
    course/            what is taught: exercises, the build, drift and leaks, releases, edits that go back into the text
    handed_in/         what comes back: found whatever its name, unpacked, read, mended into a whole notebook
    sandbox/           where student code runs, and its limits; inside_sandbox/ is all of the course that it can see
    judging/           hidden tests to points; what is right, and why, is told in toolkit/
    reports/           what people read: pages on which nothing acts, the class report, the table, grades.csv
    classroom/         many submissions, or one alone: what is new, who grades it on which machine, the gradebook
    working_copy/      what students type in, work/, and how it is carried over into a new release
    lms/               what an LMS lets one download, into submitted/; pages and points as it wants them back
    authoring/         what an author asks of an exercise: begun, tried with made-up mistakes, said where it is weak
    browsers/          what people see in a browser: Jupyter and the formgrader driven as a person does; README's pictures
    bench/             what grading costs, beside nbgrader's own way, otter-grader and merely running the cells
    live, machine, demo   the judge in an instructor's kernel; set-up; an example
    command_line       python -m autograder; nbgrader's own commands come in by nbgrader_config.py and each room's steps
"""

import sys

# jsonschema builds a grammar at import, for 1.4 s in every process, to check a format of web addresses that notebooks have not
sys.modules.setdefault("rfc3987_syntax", None)
