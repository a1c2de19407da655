"""What all kits share: tests are not replaced, and failures are expected with a reason."""

from __future__ import annotations

import inspect

import pytest

from vega_core import testing
from vega_core.testing.conformance import Conformance, list_tests

pytest_plugins = ["pytester"]


class Kit(Conformance):
    def cases(self):
        return {"number": lambda: (1, 2, 3)}

    def skipped(self, argument, case):
        return "three is too many" if case == 3 else ""

    def test_plain(self):
        assert self.good

    def test_numbers(self, number):
        assert number < self.limit


class Good(Kit):
    good, limit = True, 3


def test_a_test_cannot_be_replaced():
    for body in ({"test_plain": lambda self: None}, {"test_plain": None}):
        with pytest.raises(TypeError, match="test_plain would replace the kit's own test"):
            type("Mine", (Good,), body)

    class Aside:
        def test_plain(self): ...

    for bases in ((Aside, Good), (Good, Aside)):
        with pytest.raises(TypeError, match="would replace"):
            type("Mine", bases, {})


def test_tests_may_be_added():
    class Mine(Good):
        def test_mine(self): ...

    class Later(Mine):
        good = False

    assert "test_mine" in list_tests(Later)


@pytest.mark.parametrize("kit", [n for n in testing.__all__ if n.endswith("Conformance")])
def test_no_kit_can_be_hollowed_out(kit):
    cls = getattr(testing, kit)
    names = list_tests(cls)
    assert len(names) > 5
    for name in names:
        with pytest.raises(TypeError, match="would replace"):
            type("Mine", (cls,), {name: lambda self: None})


def test_it_runs_without_pytest():
    runs = dict(Good().runs())
    assert sorted(runs) == ["test_numbers[1]", "test_numbers[2]", "test_plain"]
    for run in runs.values():
        run()
    with pytest.raises(AssertionError):
        dict(type("Bad", (Good,), {"limit": 2})().runs())["test_numbers[2]"]()


@pytest.mark.parametrize(
    "name",
    ["test_plan", "test_plan[1]"],
)
def test_expected_failures_must_exist(name):
    with pytest.raises(TypeError, match=r"no 'test_plan'; did you mean 'test_plain'"):
        type("Mine", (Good,), {"expected_failures": {name: "no reason"}})


SUITE = f"""
from vega_core.testing.conformance import Conformance

{inspect.getsource(Kit)}

class TestRight(Kit):
    good, limit = True, 3

class TestWrong(Kit):
    good, limit = False, 2

class TestExpected(Kit):
    good, limit = False, 2
    expected_failures = {{"test_plain": "a", "test_numbers[2]": "b"}}

class TestMended(Kit):
    good, limit = True, 3
    expected_failures = {{"test_plain": "a", "test_numbers[1]": "b"}}
"""
UNKNOWN = """
class TestUnknownCase(Kit):
    good, limit = True, 3
    expected_failures = {"test_numbers[4]": "a"}
"""
OUTCOMES = {
    "Right::test_plain": "PASSED",
    "Right::test_numbers[1]": "PASSED",
    "Right::test_numbers[3]": "SKIPPED (three is too many)",
    "Wrong::test_plain": "FAILED",
    "Wrong::test_numbers[1]": "PASSED",
    "Wrong::test_numbers[2]": "FAILED",
    "Expected::test_plain": "XFAIL (a)",
    "Expected::test_numbers[1]": "PASSED",
    "Expected::test_numbers[2]": "XFAIL (b)",
    # A failure that is expected and does not come is one.
    "Mended::test_plain": "FAILED",
    "Mended::test_numbers[1]": "FAILED",
    "Mended::test_numbers[2]": "PASSED",
}


def test_under_pytest(pytester):
    pytester.makepyfile(test_suite=SUITE, test_unknown=SUITE + UNKNOWN)
    options = ("-p", "no:cacheprovider", "-v", "--continue-on-collection-errors")
    lines = pytester.runpytest_inprocess(*options).stdout
    for name, outcome in OUTCOMES.items():
        lines.fnmatch_lines([f"test_suite.py::Test{name} {outcome}*".replace("[", "[[]")])
    lines.fnmatch_lines(["*there is no 'test_numbers[[]4[]]'; did you mean*"])
