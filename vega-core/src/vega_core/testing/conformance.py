"""What every conformance kit has: tests that nobody redefines, and failures with a reason."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from vega_core.errors import suggest

T = TypeVar("T")
Test = Callable[..., Any]
Cases = Mapping[str, Callable[[], Sequence[Any]]]


class Conformance:
    """Base of the kits: a class of tests that an author subclasses and pytest runs.

    A subclass gives the factory that its kit asks for and may add tests of its own. It cannot
    replace one of the kit's; a test that cannot pass is named in `expected_failures`.

    Attributes:
        expected_failures: Name of a test (``test_x``, or ``test_x[case]`` for one of its cases) ->
            the reason why it fails. The test must fail then: when it passes, that is an error.
    """

    expected_failures: ClassVar[Mapping[str, str]] = {}

    _made: ClassVar[dict[str, Any]]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._made = {}
        tests = list_tests(cls)
        for name in tests:
            _check_defined_once(cls, name)
        for name, reason in cls.expected_failures.items():
            test, _, case = name.partition("[")
            if test not in tests:
                raise TypeError(f"expected_failures: there is no '{test}'{suggest(test, tests)}")
            if not case:
                setattr(cls, name, _expected_to_fail(getattr(cls, name), reason))

    def cases(self) -> Cases:
        """Returns what gives the cases of an argument of tests, by the argument's name."""
        return {}

    def skipped(self, argument: str, case: Any) -> str:  # noqa: ARG002
        """Returns why a case does not run; empty where it does."""
        return ""

    def once(self, key: str, make: Callable[[], T]) -> T:
        """Returns what is made once for all tests of this class, of which each is an object.

        For what is dear to make and never changes; tests share nothing else.
        """
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    def runs(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yields every test, once a case, with the name by which pytest calls it.

        For those who want to run a kit without pytest: each is a function that raises where the
        test fails.
        """
        cases = self.cases()
        for name in list_tests(type(self)):
            test = getattr(self, name)
            argument = next((a for a in cases if a in _arguments(test)), None)
            if argument is None:
                yield name, test
                continue
            for case in cases[argument]():
                if not self.skipped(argument, case):
                    yield f"{name}[{case}]", functools.partial(test, case)

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Gives each test its cases; called by pytest."""
        import pytest  # here and nowhere else: who calls this has it

        test = metafunc.function.__name__
        for argument, cases in self.cases().items():
            if argument not in metafunc.fixturenames:
                continue
            parameters, names = [], set()
            for case in cases():
                name, marks = f"{test}[{case}]", []
                if reason := self.skipped(argument, case):
                    marks.append(pytest.mark.skip(reason=reason))
                if name in self.expected_failures:
                    reason = self.expected_failures[name]
                    marks.append(pytest.mark.xfail(reason=reason, strict=True))
                parameters.append(pytest.param(case, id=str(case), marks=marks))
                names.add(name)
            for name in self.expected_failures:
                if name.startswith(f"{test}[") and name not in names:
                    raise TypeError(
                        f"expected_failures: there is no '{name}'{suggest(name, names)}"
                    )
            metafunc.parametrize(argument, parameters)


def list_tests(cls: type[Any]) -> list[str]:
    """Returns the names of a class's tests, sorted."""
    return [name for name in dir(cls) if name.startswith("test_")]


def _check_defined_once(cls: type[Any], name: str) -> None:
    owners = [
        owner
        for owner in cls.__mro__
        if name in vars(owner) and not hasattr(vars(owner)[name], "expected_to_fail")
    ]
    if len(owners) > 1:
        raise TypeError(
            f"{cls.__name__}.{name} would replace the kit's own test; give yours another name, or "
            "say in expected_failures why the kit's cannot pass"
        )


def _expected_to_fail(test: Test, reason: str) -> Test:
    # Only subclasses in a test suite come here, where pytest is installed.
    import pytest

    @functools.wraps(test)
    def marked(self: Conformance, *args: Any, **keywords: Any) -> Any:
        return test(self, *args, **keywords)

    marked.expected_to_fail = reason  # type: ignore[attr-defined]
    expected: Test = pytest.mark.xfail(reason=reason, strict=True)(marked)
    return expected


def _arguments(test: Test) -> tuple[str, ...]:
    code = getattr(test, "__wrapped__", test).__code__
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    return names
