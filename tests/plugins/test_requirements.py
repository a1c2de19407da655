"""Version clauses agree with the `packaging` library on everything plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from vega_core.plugins.requirements import Requirement, requirements, satisfies

RELEASES = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(
    lambda parts: ".".join(map(str, parts))
)
LOCAL = st.sampled_from(["", "+cpu"])


@given(RELEASES, LOCAL, st.sampled_from([">=", "<=", ">", "<", "==", "!="]), RELEASES)
def test_plain_clauses(version, local, operator, wanted):
    expected = SpecifierSet(operator + wanted).contains(version + local)
    assert satisfies(version + local, operator + wanted) == expected


@given(RELEASES, st.lists(st.integers(0, 3), min_size=2, max_size=3))
def test_compatible_and_wildcard_clauses(version, parts):
    wanted = ".".join(map(str, parts))
    for clause in (f"~={wanted}", f"=={wanted}.*", f"!={wanted}.*"):
        assert satisfies(version, clause) == SpecifierSet(clause).contains(version), clause


@pytest.mark.parametrize(
    ("version", "specifier", "met"),
    [
        ("0.1.0", ">=0.1,<0.2", True),
        ("0.2.0", ">=0.1,<0.2", False),
        ("0.2.0.dev1", ">=0.2", False),
        ("0.2.0rc1", "<0.2", False),
        ("0.2.0rc1", ">=0.2.0rc1", True),
        ("0.3", ">=0.2rc1", True),
        ("0.1", "", True),
        ("0.1", "===whatever", True),
        ("odd", ">=1", True),
    ],
)
def test_cases(version, specifier, met):
    assert satisfies(version, specifier) is met


def test_reading_requirements():
    lines = [
        "vega-core<0.2,>=0.1",
        "Vega_Core (>=0.1)",
        "plain",
        "extra-one[a,b] >= 1.0",
        'only-in-extra; extra == "mnist"',
        "direct @ https://example.org/x.whl",
    ]
    assert requirements(lines) == [
        Requirement("vega-core", "<0.2,>=0.1"),
        Requirement("vega-core", ">=0.1"),
        Requirement("plain", ""),
        Requirement("extra-one", ">=1.0"),
    ]
