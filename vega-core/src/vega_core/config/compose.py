"""YAML text to a tree of nodes, composed from the events of PyYAML's C parser.

The events are composed here, and not by PyYAML, so that the depth, the aliases and the
duplicate keys are judged before anything is built.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import yaml

from vega_core.config.diagnostics import Diagnostic, InvalidConfigError
from vega_core.config.nodes import Mark, Node, Path
from vega_core.config.scalars import TAGS, Scalar, resolve, resolve_tagged

MAX_DEPTH = 64
MAX_ALIASED_NODES = 10_000
"""Nodes that all aliases of a document may expand to."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def compose(text: str, origin: str) -> tuple[Node, tuple[Diagnostic, ...]]:
    """Returns the tree of one YAML document, and what is wrong with single keys and values.

    Such faults are a key that is there twice (the first counts), a tag that is not a core one,
    and a merge key.

    Args:
        text: The document.
        origin: What it is called in messages.

    Raises:
        InvalidConfigError: The text is no YAML, holds more than one document or none, nests deeper
            than 64 levels, or has aliases that expand beyond 10,000 nodes.
    """
    bad = _UNPRINTABLE.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - text.rfind("\n", 0, bad.start())
        _fail(Mark(origin, line, column), f"the character U+{ord(bad.group()):04X} is not allowed")
    composer = _Composer(text, origin)
    try:
        return composer.document(), tuple(composer.faults)
    except yaml.MarkedYAMLError as error:
        _fail(_mark_of(error, origin), _reason(error, text))
    except yaml.YAMLError as error:
        _fail(Mark(origin, 1, 1), f"not valid YAML: {error}")
    finally:
        composer.close()


def _fail(mark: Mark, message: str, path: Path = ()) -> NoReturn:
    one_line = " ".join(message.split())
    raise InvalidConfigError([Diagnostic(path, one_line, mark)])


def _mark_of(error: yaml.MarkedYAMLError, origin: str) -> Mark:
    mark: Any = error.problem_mark or error.context_mark
    return Mark(origin, mark.line + 1, mark.column + 1) if mark else Mark(origin, 1, 1)


def _reason(error: yaml.MarkedYAMLError, text: str) -> str:
    mark: Any = error.problem_mark
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: mark.column + 1 if mark else 0]:
        return "not valid YAML: a tab cannot indent; use spaces"
    start: Any = error.context_mark
    since = f" that starts at line {start.line + 1}" if start and start.line != mark.line else ""
    context = f"{error.context}{since}" if error.context else ""
    return "not valid YAML: " + ", ".join(filter(None, [context, error.problem]))


class _Composer:
    def __init__(self, text: str, origin: str) -> None:
        self._parser = _Loader(text)
        self._origin = origin
        self._anchors: dict[str, Node] = {}
        self._expanded = 0
        self.faults: list[Diagnostic] = []

    def close(self) -> None:
        self._parser.dispose()

    def document(self) -> Node:
        self._parser.get_event()
        start = self._parser.get_event()
        if isinstance(start, yaml.StreamEndEvent):
            _fail(Mark(self._origin, 1, 1), "the configuration is empty")
        root = self._node(self._parser.get_event(), ())
        self._parser.get_event()
        after = self._parser.get_event()
        if not isinstance(after, yaml.StreamEndEvent):
            _fail(self._mark(after), "a second document starts here; a configuration is one")
        return root

    def _mark(self, event: Any) -> Mark:
        return Mark(self._origin, event.start_mark.line + 1, event.start_mark.column + 1)

    def _node(self, event: Any, path: Path) -> Node:
        mark = self._mark(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, mark, path)
        if len(path) > MAX_DEPTH:
            _fail(mark, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self._scalar(event, mark, path), mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._check_tag(event, mark, path, "seq")
            node = Node(self._sequence(path), mark)
        else:
            self._check_tag(event, mark, path, "map")
            node = Node(self._mapping(path), mark)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _sequence(self, path: Path) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := self._parser.get_event(), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Node]:
        items: dict[str, Node] = {}
        while not isinstance(event := self._parser.get_event(), yaml.MappingEndEvent):
            mark = self._mark(event)
            if not isinstance(event, yaml.ScalarEvent):
                _fail(mark, "a key must be text", path)
            key = event.value
            node = self._node(self._parser.get_event(), (*path, key))
            node.key = mark
            if key == "<<" and not event.style:
                self._fault((*path, key), "merge keys are not read; use 'ref: step.section'", mark)
            elif key in items:
                first = items[key].place
                self._fault((*path, key), f"duplicate key; first given at line {first.line}", mark)
            else:
                items[key] = node
        return items

    def _scalar(self, event: Any, mark: Mark, path: Path) -> Scalar:
        text: str = event.value
        try:
            if event.tag not in (None, "!"):
                return resolve_tagged(event.tag, text)
            # A quoted, literal or folded scalar is text, and so is one with the tag '!'.
            return text if event.style or event.tag else resolve(text)
        except ValueError as error:
            self._fault(path, str(error), mark)
            return None

    def _alias(self, event: Any, mark: Mark, path: Path) -> Node:
        target = self._anchors.get(event.anchor)
        if target is None:
            _fail(mark, f"unknown anchor '{event.anchor}'", path)
        for below, _ in target.walk():
            self._expanded += 1
            if self._expanded > MAX_ALIASED_NODES:
                _fail(mark, f"aliases expand to more than {MAX_ALIASED_NODES} values", path)
            if len(path) + len(below) > MAX_DEPTH:
                _fail(mark, f"nested deeper than {MAX_DEPTH} levels")
        return target.copy()

    def _check_tag(self, event: Any, mark: Mark, path: Path, kind: str) -> None:
        if event.tag not in (None, "!") and TAGS.get(event.tag) != kind:
            self._fault(path, f"the tag '{event.tag}' is not read here", mark)

    def _fault(self, path: Path, message: str, mark: Mark) -> None:
        self.faults.append(Diagnostic(path, message, mark))
