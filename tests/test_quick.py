"""make quick chooses tests that a change concerns, and says what it leaves out."""

import pytest

from tests.quick import COURSE, chosen, concerns, imports

GRAPH = COURSE / "tests" / "test_graph.py"


def test_a_change_concerns_whoever_imports_the_module_directly_or_not():
    assert COURSE / "toolkit" / "graph.py" in imports(GRAPH)
    assert COURSE / "toolkit" / "compare.py" in imports(COURSE / "tests" / "test_judge.py")
    assert concerns(GRAPH, "tests/test_graph.py::test_x", {"toolkit/graph.py"})
    assert not concerns(GRAPH, "tests/test_graph.py::test_x", {"toolkit/picture.py"})


def test_a_change_of_other_files_concerns_tests_that_name_them():
    readme = COURSE / "tests" / "test_readme.py"
    answer = {"tests/submissions/wrong/1_chunked_backprop/size_32.py"}
    judge = COURSE / "tests" / "test_judge.py"
    assert concerns(readme, "tests/test_readme.py::test_x", {"README.md"})
    assert concerns(judge, "tests/test_judge.py::test_x[1_chunked_backprop-size_32]", answer)
    assert not concerns(judge, "tests/test_judge.py::test_x[1_chunked_backprop-size_64]", answer)


class Item:
    def __init__(self, nodeid: str, *groups: str):
        self.nodeid, self.groups = nodeid, groups

    def iter_markers(self, name: str) -> list[pytest.Mark]:
        return [pytest.mark.xdist_group(group).mark for group in self.groups]


def test_what_failed_comes_first_and_what_belongs_together_stays_so():
    one, two, slow, new = (Item("one", "g"), Item("two", "g"), Item("slow"), Item("new"))
    known = {"one": 1.0, "two": 2.0, "slow": 5.0}
    assert chosen([one, slow, two, new], known, set(), 3.5) == [new]
    assert chosen([one, slow, two, new], known, set(), 4.5) == [new, one, two]
    assert chosen([one, slow, two, new], known, {"slow"}, 6.5) == [slow, new]
