"""Parameters of dataclasses, plain classes and functions, as a configuration sees them."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

import pytest
import yaml

from vega_core.plugins import parameters_of
from vega_core.plugins.docstrings import meanings, summary
from vega_core.plugins.kinds import kind_of
from vega_core.plugins.parameters import type_text
from vega_core.plugins.sample import placeholder, sample

if TYPE_CHECKING:
    from nowhere import Hidden


@dataclass(frozen=True)
class Base:
    """A base.

    Attributes:
        depth: How deep it is,
            in layers.
    """

    depth: int


@dataclass(frozen=True)
class Network(Base):
    """A network.

    Attributes:
        width (int): Channels.
        parts: Names: one a part.

    Example:
        >>> not_a_parameter: nothing
    """

    width: int = 16
    parts: tuple[str, ...] = field(default_factory=lambda: ("a",))
    cache: dict[str, int] = field(init=False, default_factory=dict)


class Search:
    """A search.

    Args:
        eta: Factor.
    """

    def __init__(self, problem: Any, *, eta: int = 3, seed: int | None = None) -> None:
        """Starts.

        Args:
            problem: The engine's.
            seed: Of the draws.
        """


class Child(Search):
    """A child.

    Args:
        extra: Something more.
    """

    def __init__(self, problem: Any, *, extra: Literal["a", "b"], **others: Any) -> None:
        super().__init__(problem, **others)


class Bare(Search):
    """It has the constructor of its base."""


class OnlyProblem:
    def __init__(self, problem: Any) -> None: ...


class Evaluator:
    def __init__(self, path: Path, split: str = "val") -> None: ...


def by_name(target):
    return {one.name: one for one in parameters_of(target)}


def test_dataclass_fields_with_inherited_meanings():
    found = parameters_of(Network)
    assert [one.name for one in found] == ["depth", "width", "parts"]
    depth, width, parts = found
    assert (depth.annotation, depth.required, depth.doc) == (
        int,
        True,
        "How deep it is, in layers.",
    )
    assert (width.default, width.required, width.doc) == (16, False, "Channels.")
    assert (parts.default, parts.type) == (("a",), "tuple[str, ...]")
    assert parts.doc == "Names: one a part."


def test_keyword_only_parameters_after_the_engines():
    found = by_name(Search)
    assert list(found) == ["eta", "seed"]
    assert (found["eta"].default, found["eta"].doc) == (3, "Factor.")
    assert (found["seed"].type, found["seed"].doc) == ("int | None", "Of the draws.")
    assert list(by_name(Bare)) == ["eta", "seed"]
    assert by_name(OnlyProblem) == {}


def test_keywords_passed_on_bring_those_of_the_base():
    found = by_name(Child)
    assert list(found) == ["extra", "eta", "seed"]
    assert found["extra"].required
    assert found["extra"].type == "'a' | 'b'"


def test_plain_parameters_are_not_taken_for_the_engines():
    found = by_name(Evaluator)
    assert list(found) == ["path", "split"]
    assert found["path"].type == "Path"


def test_a_class_without_constructor_has_none():
    assert parameters_of(type("Empty", (), {})) == ()


def test_functions():
    def metric(scale: float, *, root: bool = False) -> float:
        """A metric.

        Args:
            scale: Divides.
            root: Whether to draw it.
        """
        return scale

    assert list(by_name(metric)) == ["root"]
    assert by_name(metric)["root"].doc == "Whether to draw it."


class NeededKeys(TypedDict):
    first: list[int]


class Keys(NeededKeys, total=False):
    """Keys.

    Attributes:
        first: The first.
        second: The second.
    """

    second: str


class Spelled:
    def __init__(self, parsed: object) -> None: ...

    @classmethod
    def from_config(cls, config: Keys) -> Spelled:
        return cls(config)


class SpelledOrNot:
    @classmethod
    def from_config(cls, config: Keys | Mapping[str, Any]) -> SpelledOrNot:
        return cls()


def test_a_class_made_from_a_typed_dictionary():
    assert parameters_of(SpelledOrNot) == parameters_of(Spelled)
    first, second = parameters_of(Spelled)
    assert (first.name, first.type, first.required) == ("first", "list[int]", True)
    assert (second.name, second.required, second.default) == ("second", False, None)
    assert second.doc == "The second."
    assert first.doc == "The first."


def test_annotations_that_cannot_be_resolved_do_not_spoil_the_others():
    class Partly:
        def __init__(self, hidden: Hidden, count: int = 1, loose=None) -> None: ...

    found = by_name(Partly)
    assert found["hidden"].annotation is Any
    assert found["count"].annotation is int
    assert found["loose"].type == "any"


def test_constraints_stay_in_the_annotation():
    def component(rate: Annotated[float, "0 to 1"] = 0.5) -> None: ...

    (rate,) = parameters_of(component)
    assert rate.annotation == Annotated[float, "0 to 1"]
    assert rate.type == "float"


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int | None, "int | None"),
        (dict[str, Path], "dict[str, Path]"),
        (Sequence[float], "Sequence[float]"),
        (Any, "any"),
        (None, "None"),
        (Literal["x.y", 2] | None, "'x.y' | 2 | None"),
        (Callable[[int], float], "Callable[[int], float]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (list, "list"),
    ],
)
def test_types_are_written_as_one_writes_them(annotation, text):
    assert type_text(annotation) == text


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, 1),
        (bool, False),
        (float, 1.0),
        (str, "..."),
        (Path, "./path"),
        (int | None, 1),
        (Literal["sgd", "adam"], "sgd"),
        (list[int], [1]),
        (tuple[int, str], [1, "..."]),
        (Mapping[str, int], {}),
        (Colour, "red"),
        (Annotated[int, "positive"], 1),
        (Any, "..."),
    ],
)
def test_placeholders_are_of_their_type(annotation, value):
    assert placeholder(annotation) == value


def test_samples_stand_where_a_step_has_them():
    parameters = parameters_of(Network)
    values = {"depth": 1, "width": 16, "parts": ["a"]}
    assert sample(kind_of("network"), "Net", parameters) == {"model": {"type": "Net", **values}}
    block = {"type": "Net", "params": values}
    nested = sample(kind_of("optimizer"), "Net", parameters)
    assert nested == {"trainer": {"optimizer": block}}
    listed = sample(kind_of("transform"), "Net", parameters)
    assert listed == {"dataset": {"transforms": [{"type": "Net", **values}]}}
    backend = sample(kind_of("backend"), "torch", ())
    assert backend == {"general": {"backend": {"type": "torch"}}}
    assert sample(kind_of("executor"), "local", ()) == {"general": {"executor": "local"}}
    assert yaml.safe_load(yaml.safe_dump(listed)) == listed
    shown = sample(kind_of("network"), "Net", parameters, {"depth": (1, 2)})
    assert shown == {"model": {"type": "Net", "depth": [1, 2]}}


def test_meanings_of_a_docstring():
    text = """Does.

    Args:
        first: One
            and more: with a colon.
        *rest: Others.

        second (list[int], optional): Two.

    Returns:
        third: not a parameter.
    """
    assert meanings(text) == {
        "first": "One and more: with a colon.",
        "rest": "Others.",
        "second": "Two.",
    }
    assert meanings(None) == {}
    assert summary("One\n    sentence.\n\n    More.") == "One sentence."
