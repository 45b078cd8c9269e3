"""make quick chooses tests that a change concerns, and says what it leaves out."""

from pathlib import Path
from types import SimpleNamespace

from tests.quick import COURSE, chosen, concerns, imports, longest_first, together

GRAPH = COURSE / "tests" / "toolkit" / "network" / "test_graph.py"


def test_a_change_concerns_whoever_imports_the_module_directly_or_not():
    assert COURSE / "toolkit" / "network" / "graph.py" in imports(GRAPH)
    assert COURSE / "toolkit" / "network" / "compare.py" in imports(COURSE / "tests" / "judging" / "test_judge.py")
    assert concerns(GRAPH, "tests/toolkit/network/test_graph.py::test_x", {"toolkit/network/graph.py"})
    assert not concerns(GRAPH, "tests/toolkit/network/test_graph.py::test_x", {"toolkit/picture.py"})


def test_a_change_of_other_files_concerns_tests_that_name_them():
    readme = COURSE / "tests" / "test_readme.py"
    answer = {"tests/submissions/wrong/1_chunked_backprop/size_32.py"}
    judge = COURSE / "tests" / "judging" / "test_judge.py"
    assert concerns(readme, "tests/test_readme.py::test_x", {"README.md"})
    assert concerns(judge, "tests/judging/test_judge.py::test_x[1_chunked_backprop-size_32]", answer)
    assert not concerns(judge, "tests/judging/test_judge.py::test_x[1_chunked_backprop-size_64]", answer)


def test_tests_that_share_a_fixture_of_their_module_stay_together():
    assert len({together(f"tests/course/test_build.py::test_{n}") for n in range(3)}) == 1
    assert len({together(f"tests/judging/test_judge.py::test_{n}") for n in range(3)}) == 3
    assert (
        len({together(f"solutions/2_fused_cross_entropy/2_fused_cross_entropy.ipynb::Cell {n}") for n in range(3)}) == 1
    )


def test_what_failed_comes_first_and_what_belongs_together_stays_so():
    build, judge = "course/test_build.py", "judging/test_judge.py"
    names = (f"{build}::one", f"{build}::two", f"{judge}::slow", f"{judge}::new")
    one, two, slow, new = map(_test, names)
    known = {one.nodeid: 1.0, two.nodeid: 2.0, slow.nodeid: 5.0}
    items = [one, slow, two, new]
    assert chosen(items, known, set(), 3.5) == [new]
    assert chosen(items, known, set(), 4.5) == [new, one, two]
    assert chosen(items, known, {slow.nodeid}, 6.5) == [slow, new]


def test_on_several_cores_the_longest_are_begun_first():
    names = ("judging/test_judge.py::quick", "course/test_build.py::one", "judging/test_judge.py::slow")
    quick, one, slow, two = map(_test, (*names, "course/test_build.py::two"))
    family = _test("judging/test_judge.py::family", share=0.02)
    known = {quick.nodeid: 0.1, slow.nodeid: 2.5, one.nodeid: 0.5, two.nodeid: 2.5}
    assert longest_first([quick, one, slow, two, family], known) == [family, one, two, slow, quick]


def _test(name, share=None):
    marks = {"share": share}
    return SimpleNamespace(nodeid=f"tests/{name}", path=Path(name.partition("::")[0]), get_closest_marker=marks.get)
