"""nbgrader's configuration: its own folders, and the course's judge as steps of its pipeline.

Command line, API and formgrader all go this way: read the file (``SubmissionExporter``), mend it (``Mend``), run it for the
student to see (``RunNotebook``), judge it (``JudgeNotebook``), and leave the rest to nbgrader.
"""

import os
import sys
from pathlib import Path

_course = str(Path(__file__).resolve().parent)
if _course not in sys.path:  # nbgrader runs from anywhere below this folder
    sys.path.insert(0, _course)

_bin = str(Path(sys.executable).parent)
if _bin not in os.environ["PATH"].split(
    os.pathsep
):  # nbgrader calls alembic by name, and the environment may not be active
    os.environ["PATH"] = os.pathsep.join([_bin, os.environ["PATH"]])

try:
    from nbgrader import coursedir
    from nbgrader import preprocessors as nbgrader

    from autograder.classroom import nbgrader_steps as classroom
    from autograder.course import release as course
    from autograder.handed_in import nbgrader_steps as handed_in
    from autograder.judging import nbgrader_steps as judging
    from autograder.reports import nbgrader_steps as reports
    from autograder.reports import sanitize_notebook
    from autograder.sandbox import execute
except Exception as error:
    # nbgrader would go on without all this: it would run student code as it is, and judge nothing
    why = f"{type(error).__name__}: {error}"
    sys.exit(f"nbgrader_config.py cannot be read, and nbgrader must do nothing without it. {why}")

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "backprop_ninja"
c.CourseDirectory.source_directory = "source"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.solution_directory = "solutions"
if os.environ.get("GRADEBOOK_DB"):  # make grade DB=...; else gradebook.db in the course folder
    c.CourseDirectory.db_url = os.environ["GRADEBOOK_DB"]
# *.py: the text sources hold the solutions and would be copied into the release
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.py"]

# a file that was handed in, which every command and page of nbgrader's reads: it cannot be told otherwise
coursedir.CourseDirectory.get_existing_timestamp = handed_in.existing_timestamp

# neither command, nor the formgrader's Generate, writes over what a person typed
c.GenerateAssignment.exporter_class = course.ReleaseExporter
c.GenerateSolution.exporter_class = course.SolutionExporter
c.GenerateSourceWithTests.exporter_class = course.ReleaseExporter

c.ClearSolutions.code_stub = {"python": "# your code here"}

c.GenerateAssignment.preprocessors = [
    course.RemoveTagged, nbgrader.IncludeHeaderFooter, nbgrader.LockCells, nbgrader.ClearSolutions, nbgrader.ClearOutput,
    nbgrader.CheckCellMetadata, nbgrader.ComputeChecksums, nbgrader.SaveCells, nbgrader.ClearHiddenTests,
    nbgrader.ClearMarkScheme, nbgrader.ComputeChecksums, nbgrader.CheckCellMetadata, course.Finish,
]  # fmt: skip
# nbgrader's own list keeps the hidden tests in the solutions
c.GenerateSolution.preprocessors = [
    course.NoteSource, course.LeaveUnpublished, course.RemoveTagged, nbgrader.IncludeHeaderFooter, nbgrader.LockCells,
    nbgrader.ClearOutput, nbgrader.ClearHiddenTests, nbgrader.ClearMarkScheme, course.ClearSolutionMarkers,
    nbgrader.Execute, course.Finish,
]  # fmt: skip

c.Execute.timeout = 120  # seconds a cell, for solutions
c.RunNotebook.timeout = 30  # for submissions; a student's training is cut short by a locked cell

c.Autograde.exporter_class = handed_in.SubmissionExporter
c.Autograde.pre_convert_hook = handed_in.use_expected_name
c.Autograde.sanitize_preprocessors = [
    handed_in.Mend, nbgrader.ClearOutput, nbgrader.DeduplicateIds, nbgrader.OverwriteKernelspec, nbgrader.OverwriteCells,
    nbgrader.ClearHiddenTests, nbgrader.CheckCellMetadata, sanitize_notebook.Defuse,
]  # fmt: skip
c.Autograde.autograde_preprocessors = [
    execute.RunNotebook, judging.JudgeNotebook, judging.SignNotebook, sanitize_notebook.Defuse, nbgrader.IgnorePattern,
    nbgrader.LimitOutput, classroom.SaveGrades, nbgrader.AssignLatePenalties, nbgrader.CheckCellMetadata,
]  # fmt: skip
c.Autograde.post_convert_hook = sanitize_notebook.leave_out_files
c.GenerateFeedback.exporter_class = classroom.FeedbackExporter
c.GenerateFeedback.post_convert_hook = classroom.note_pages
c.GenerateFeedback.preprocessors = [nbgrader.GetGrades, reports.ShowOpenScores]
c.ExportPlugin.to = "nbgrader_export.csv"  # nbgrader export; grades.csv is what make grade writes
c.HTMLExporter.preprocessors = [
    reports.FoldSetup,
    reports.PlainCode,
    sanitize_notebook.EscapeNames,
]  # on the formgrader's pages
c.HTMLExporter.filters = {"markdown2html": reports.text}
c.HTMLExporter.template_paths = reports.formgrader_templates()

# for kernels that nbgrader starts itself: over TCP, ipykernel 7 warns that nothing is encrypted; the path must be absolute
if sys.platform != "win32":
    c.KernelManager.transport = "ipc"
    c.KernelManager.ip = str(Path(execute.sockets_folder()) / "kernel")

c.OverwriteCells.add_missing_cells = True

# nbgrader zip_collect, for those who like it better than make collect: names as Moodle, Canvas and Blackboard write them
c.FileNameCollectorPlugin.named_regexp = (
    r".*?[/\\_](?P<student_id>[^/\\_]+)"
    r"(?:_attempt_(?P<timestamp>\d{4}(?:-\d\d){5})_|_(?:LATE_)?\d+_(?:assignsubmission_file_?[/\\]?|\d+_))"
    r"(?P<file_id>[^/\\]+?)(?:-\d+| ?\(\d+\))?\.ipynb$"
)
