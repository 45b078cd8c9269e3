"""The course that the benchmark makes for nbgrader alone."""

from pathlib import Path

from autograder.bench import others
from autograder.bench.classes import student


def test_it_can_be_made_again_and_leaves_nothing(tmp_path, monkeypatch):
    """Several parts of the benchmark make one, beside courses of the same folder."""
    course = tmp_path / "class"
    for folder in ("source/1_x", "data", *(f"submitted/{student(i)}/1_x" for i in range(others.SAMPLE))):
        course.joinpath(folder).mkdir(parents=True)
    made = []
    monkeypatch.setattr(others, "output", lambda *words: made.append([*Path(words[2]).iterdir()]) or [1.0])
    assert [others.by_nbgrader(course, ["1_x"], kind) for kind in ("plain", "judged", "plain")] == [[1.0]] * 3
    assert all(len(found) == 3 for found in made) and [*tmp_path.iterdir()] == [course]
