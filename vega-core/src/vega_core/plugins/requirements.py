"""Whether an installed version meets what a distribution requires.

Installers have judged requirements with every rule of the packaging standards; what is checked
here is only whether that judgement still holds. So a clause in a form that is not plain
(``===``, a URL, an epoch) counts as met.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from vega_core.plugins.switches import normalize

_REQUIREMENT = re.compile(
    r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;@()]*)\)?([;@].*)?"
)
_CLAUSE = re.compile(r"(~=|==|!=|<=|>=|<|>)\s*v?(\d+(?:\.\d+)*)(\.\*)?(\S*)$")
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)(.*)$")
_PRE = re.compile(r"[-_.]?(a|b|c|rc|alpha|beta|pre|preview|dev)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of a distribution: ``vega-core`` with ``>=0.1,<0.2``."""

    name: str
    specifier: str


def requirements(lines: Iterable[str]) -> list[Requirement]:
    """Returns the unconditional requirements among ``Requires-Dist`` lines, in their order.

    Requirements with a marker (an extra, a platform) are left out.
    """
    found = []
    for line in lines:
        match = _REQUIREMENT.fullmatch(line.strip())
        if match and not match.group(3):
            found.append(Requirement(normalize(match.group(1)), match.group(2).replace(" ", "")))
    return found


def satisfies(version: str, specifier: str) -> bool:
    """Tells whether a version meets every clause of a specifier such as ``>=0.1,<0.2``."""
    return all(_clause_met(version, clause) for clause in specifier.split(",") if clause)


def _clause_met(version: str, clause: str) -> bool:
    match, installed = _CLAUSE.match(clause.strip()), _VERSION.match(version.strip())
    if match is None or installed is None:
        return True
    operator, number, wildcard, suffix = match.groups()
    release, wanted = _release(installed.group(1)), _release(number)
    exact, width = len(wanted), max(len(release), len(wanted))
    release, wanted = _pad(release, width), _pad(wanted, width)
    if wildcard:
        return (release[:exact] == wanted[:exact]) == (operator == "==")
    have = (release, not _PRE.match(installed.group(2)))
    want = (wanted, not _PRE.match(suffix))
    if operator == "~=":
        return have >= want and release[: exact - 1] == wanted[: exact - 1]
    # 0.2.dev1 sorts before 0.2 and yet is not what "<0.2" means.
    below = have[0] < want[0] if want[1] else have < want
    return {
        "==": have == want,
        "!=": have != want,
        "<=": have <= want,
        ">=": have >= want,
        "<": below,
        ">": have > want,
    }[operator]


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _pad(release: tuple[int, ...], width: int) -> tuple[int, ...]:
    return release + (0,) * (width - len(release))
