"""Every exercise at other homes, from blank to solved to a grade: with Colab's releases, and old ones, and no course around.

``make homes`` makes the environments, in .homes, and says what cannot be had; ``HOMES`` names the Pythons of others. Without any
it is the Python of the tests.
"""

import json
import os
import sys
from pathlib import Path

import pytest

from autograder.classroom.alone import self_grade
from autograder.course.build import assignments
from autograder.course.exercise import COURSE
from tests.bank import BANK, read_answer
from tests.elsewhere import Student, kept, releases, stripped

MADE = sorted(ready.parent / "bin" / "python" for ready in COURSE.glob(".homes/*/.ready"))
NAMED = [Path(name) for name in os.environ.get("HOMES", "").split(os.pathsep) if name]
PYTHONS = NAMED or MADE or [Path(sys.executable)]
MISTAKES = {
    "1_chunked_backprop": "epsilon_left_out",
    "2_fused_cross_entropy": "no_minus_one",
    "3_fused_batchnorm": "gain_missing",
    "4_training_loop": "dc_overwritten",
}


@pytest.mark.share(0.1)
@pytest.mark.parametrize("name", assignments())
@pytest.mark.parametrize("python", PYTHONS, ids=[f"{number}-{path.parts[-3]}" for number, path in enumerate(PYTHONS)])
def test_an_exercise_is_solved_and_graded(python: Path, name: str, tmp_path: Path):
    mistakes = [read_answer(BANK / "wrong" / name / f"{MISTAKES[name]}.py")] if name in MISTAKES else []
    student = Student(python, name, tmp_path, mistakes)
    student.works()
    said = f"with {releases(python)}"
    assert not student.broken, said
    assert student.early and not any("✓" in text for text in student.early.values()), said
    for grade_id, text in student.checked.items():
        assert "✓" in text and "✗" not in text and "·" not in text, (grade_id, text, said)
    for mistake in mistakes:
        for kind, words in mistake.expected.values():
            assert kind and words in student.told[mistake.name], (student.told, said)
    assert sorted(path.name for path in (tmp_path / "alone").iterdir()) == ["names.txt"]
    for save in (kept, stripped):
        saved = tmp_path / f"{save.__name__}.ipynb"
        saved.write_text(json.dumps(save(student.notebook)), encoding="utf-8")
        _, row = self_grade(saved)
        assert row.points == row.highest, (save.__name__, row.summary(), said)
