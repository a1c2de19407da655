"""Gives errors of later stages the place in the configuration that they are about."""

from __future__ import annotations

import re

from vega_core.config.diagnostics import Diagnostic, InvalidConfigError
from vega_core.config.model import RunConfig
from vega_core.config.nodes import Mark, Node, Path
from vega_core.errors import (
    DataError,
    DescriptionError,
    ModelError,
    SearchError,
    SpaceError,
    UserError,
)

_SECTIONS: tuple[tuple[type[UserError], str], ...] = (
    (SearchError, "search_algorithm"),
    (ModelError, "model"),
    (DataError, "dataset"),
)
_SUBJECT = re.compile(r"([a-z_]+(?:\.[A-Za-z_][A-Za-z0-9_]*)*)(?:: | )")


def located(config: RunConfig, step: str, error: UserError) -> InvalidConfigError:
    """Returns an error about a step as one about its place in the file.

    A `SpaceError` carries its path. Of others the first words are taken for the key where they
    are one: ``dataset.batch_size is 64, but ...``, ``objectives: expected ...``, and a
    parameter of the algorithm in a `SearchError`.
    """
    if isinstance(error, InvalidConfigError):
        return error
    root = config.root
    path, message = _subject(root, step, error)
    mark = root.nearest(path).place if root is not None else Mark(config.source)
    return InvalidConfigError([Diagnostic(path, " ".join(message.split()), mark)])


def _subject(root: Node | None, step: str, error: UserError) -> tuple[Path, str]:
    text = str(error)
    if isinstance(error, SpaceError):
        return (step, "search_space", *error.path), text
    if isinstance(error, DescriptionError) and error.path:
        return (step, "model", *error.path), error.fault
    match = _SUBJECT.match(text)
    if root is not None and match:
        keys, message = match[1].split("."), text[match.end() :].lstrip()
        if root.get(step, keys[0]) is not None or keys[0] in ("objectives", "constraints"):
            return (step, *keys), message
        if isinstance(error, SearchError) and root.get(step, "search_algorithm", *keys):
            return (step, "search_algorithm", *keys), message
    section = next((part for kind, part in _SECTIONS if isinstance(error, kind)), None)
    return ((step, section) if section else (step,)), text
