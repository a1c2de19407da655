"""YAML 1.2 scalars, exact positions, and files that are no configuration."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vega_core.config import InvalidConfigError, load_source
from vega_core.config.source import from_mapping, from_text
from vega_core.errors import ConfigError


def value(text: str) -> Any:
    return from_text(f"a: {text}\n").data["a"]


# From the tables of the YAML 1.2.2 specification, chapter 10.3.
SCALARS = [
    ("1e-4", 1e-4), ("1E3", 1000.0), ("-2.5e+1", -25.0), (".5", 0.5), ("1.", 1.0), ("+12", 12),
    ("-0", 0), ("0o17", 15), ("0x1F", 31), ("012", 12), ("12e03", 12000.0), (".inf", math.inf),
    ("-.INF", -math.inf), ("+.inf", math.inf), ("true", True), ("True", True), ("FALSE", False),
    ("null", None), ("~", None), ("", None), ("NULL", None),
    # Not numbers or truth values any more in YAML 1.2:
    ("on", "on"), ("off", "off"), ("yes", "yes"), ("No", "No"), ("y", "y"), ("1_000", "1_000"),
    ("12:30:45", "12:30:45"), ("0b11", "0b11"), ("2001-12-14", "2001-12-14"), ("1e", "1e"),
    ("e5", "e5"), (".", "."), ("-", None), ("+", "+"), ("0o8", "0o8"), ("0x", "0x"), ("inf", "inf"),
    ("nan", "nan"), ("TruE", "TruE"), ("'1e-4'", "1e-4"), ('"true"', "true"), ("!!str 12", "12"),
    ("!!float 3", 3.0), ("!!int 0x10", 16), ("! 12", "12"), ("<= 1e5", "<= 1e5"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [pair for pair in SCALARS if pair[0] != "-"])
def test_scalars_are_those_of_yaml_1_2(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_not_a_number() -> None:
    assert math.isnan(value(".nan"))


@given(st.floats(allow_nan=False) | st.integers() | st.booleans() | st.none())
def test_what_json_writes_is_read_back(number: Any) -> None:
    text = json.dumps(number).replace("Infinity", ".inf")
    found = value(text)
    assert found == number
    assert type(found) is type(number)


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False,
        allow_infinity=False) | st.text(st.characters(codec="utf-8", exclude_categories=["C"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.text("abcxyz_", min_size=1), inner, max_size=4),
    max_leaves=20,
))  # fmt: skip
def test_json_documents_are_read_whole(data: Any) -> None:
    text = json.dumps({"root": data}, ensure_ascii=False)
    assert from_text(text).data == {"root": data}


def test_block_scalars_and_comments() -> None:
    text = "a: |\n  1e-4\n  two\nb: >-\n  one\n  two\nc: x # comment\n"
    assert from_text(text).data == {"a": "1e-4\ntwo\n", "b": "one two", "c": "x"}


def test_keys_are_text_as_written() -> None:
    assert from_text("1: a\non: b\nnull: c\n1e-4: d\n").data == {
        "1": "a", "on": "b", "null": "c", "1e-4": "d",
    }  # fmt: skip


def test_positions_of_keys_and_values() -> None:
    text = (
        "# head\nhpo:\n  trainer: {epochs: 9,\n     ü: [1, {x: 2}]}\n  list:\n  - a\n  -   b: 1\n"
    )
    source = from_text(text)
    assert source.position(("hpo",), key=True) == (2, 1)
    assert source.position(("hpo",)) == (3, 3)
    assert source.position(("hpo", "trainer", "epochs"), key=True) == (3, 13)
    assert source.position(("hpo", "trainer", "epochs")) == (3, 21)
    assert source.position(("hpo", "trainer", "ü", 1, "x")) == (4, 17)
    assert source.position(("hpo", "list", 1, "b"), key=True) == (7, 7)
    assert source.position(("hpo", "list", 1)) == (7, 7)
    assert source.position(("hpo", "nothing", "there")) == (3, 3)


@given(
    st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=8, unique=True),
    st.integers(0, 6),
)
def test_positions_agree_with_those_of_pyyaml(names: list[str], indent: int) -> None:  # fmt: skip
    text = "top:\n" + "".join(f"{' ' * (indent + 1)}{name}: [1, {name}]\n" for name in names)
    source = from_text(text)
    block = yaml.compose(text, Loader=yaml.SafeLoader).value[0][1]
    for key, node in block.value:
        path = ("top", key.value)
        assert source.position(path, key=True) == (
            key.start_mark.line + 1,
            key.start_mark.column + 1,
        )
        item = node.value[1]
        expected = (item.start_mark.line + 1, item.start_mark.column + 1)
        assert source.position((*path, 1)) == expected


# Text, line, column, and part of the message.
BAD = [
    ("a: 1\nb:\n\t- 1\n", 3, 1, "a tab cannot indent"),
    ("a: [1,\n", 2, 1, "not valid YAML"),
    ("a:\n  b: [1,\n  c: 3\n", 4, 1, "that starts at line 2"),
    ("a: b: c\n", 1, 5, "mapping values are not allowed"),
    ("a: 'open\nb: 2\n", 3, 1, "quoted scalar"),
    ("a: @x\n", 1, 4, "cannot start any token"),
    ("a: %x\n", 1, 4, "cannot start any token"),
    ("a: 1\n---\nb: 2\n", 2, 1, "a second document"),
    ("", 1, 1, "is empty"),
    ("# only a comment\n", 1, 1, "is empty"),
    ("[1, 2]\n", 1, 1, "is a mapping"),
    ("text\n", 1, 1, "is a mapping"),
    ("? [a, b]\n: 1\n", 1, 3, "a key must be text"),
    ("a: *nobody\n", 1, 4, "unknown anchor 'nobody'"),
    ("a: &x [1, *x]\n", 1, 11, "unknown anchor 'x'"),
    ("a: 1\nb: x\x07y\n", 2, 5, "U+0007 is not allowed"),
    ("a: \ufeff\x00\n", 1, 5, "U+0000 is not allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "message"), BAD)
def test_bad_yaml_has_its_place(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        from_text(text, name="file.yml")
    (found,) = caught.value.diagnostics
    assert (found.mark.line, found.mark.column) == (line, column), str(found)
    assert message in found.message
    assert "\n" not in str(found)


def test_faults_of_single_keys_do_not_hide_the_rest() -> None:
    text = "a: 1\nb:\n  c: 2\n  c: 3\na: !thing 3\nd: !!int x\n<<: {e: 1}\n"
    lines = [str(item) for item in from_text(text, name="f.yml").faults]
    assert lines == [
        "f.yml:4:3: c: duplicate key; first given at line 3",
        "f.yml:5:4: a: the tag '!thing' is not read; only the core tags of YAML are",
        "f.yml:5:1: a: duplicate key; first given at line 1",
        "f.yml:6:4: d: 'x' is not of the type !!int",
        "f.yml:7:1: <<: merge keys are not read; use 'ref: step.section'",
    ]


HOSTILE = [
    "a: " + "[" * 70 + "]" * 70,
    "a: " + "[" * 100_000,
    "- " * 5_000 + "x",
    "a: " + "{a: " * 100_000,
    "\n".join(f"{' ' * depth}a:" for depth in range(300)),
    "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)),
    "a0: &a0 {k: v}\n"
    + "".join(f"a{i}: &a{i} {{l: *a{i - 1}, r: *a{i - 1}}}\n" for i in range(1, 60)),
    "a: " + "9" * 900_000,
    "a: !!python/object/apply:os.system [ls]",
    "a: !!python/name:os.system",
    "a: !!binary aGVsbG8=",
    "a: !!timestamp 2001-12-14",
    "!!python/object/new:os.system {a: 1}",
    "%TAG ! tag:example.com,2000:\n---\na: !x 1",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_yaml_is_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    try:
        faults = from_text(text).faults
    except InvalidConfigError as error:
        faults = error.diagnostics
    assert faults
    assert time.perf_counter() - start < 2


def test_a_few_aliases_are_fine() -> None:
    source = from_text("a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n")
    assert source.data["d"][1] == {"b": [1, 2]}
    assert source.position(("c", "b", 1)) == (1, 15)
    assert source.position(("c",), key=True) == (2, 1)


def test_depth_64_is_read_and_65_is_not() -> None:
    assert from_text("a: " + "[" * 63 + "1" + "]" * 63).data
    with pytest.raises(InvalidConfigError, match="deeper than 64"):
        from_text("a: " + "[" * 64 + "1" + "]" * 64)


def test_a_large_ordinary_file_is_read_quickly() -> None:
    text = "\n".join(f"k{i}: {{a: 1, b: [1, 2e-3, three]}}" for i in range(1200))
    start = time.perf_counter()
    assert len(from_text(text).data) == 1200
    assert time.perf_counter() - start < 1


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "run.yml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb:\r\n  c: 2\r\n")
    source = load_source(path)
    assert source.data == {"a": 1, "b": {"c": 2}}
    assert source.folder == tmp_path
    assert source.position(("b", "c"), key=True) == (3, 3)
    (tmp_path / "run.json").write_text('{"a":\t1,\n\t"b": 1e-4}')
    assert load_source(tmp_path / "run.json").data == {"a": 1, "b": 1e-4}


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "quickstart.yml").write_text("a: 1")
    with pytest.raises(ConfigError, match=r"no such file; did you mean 'quickstart\.yml'"):
        load_source(tmp_path / "quikstart.yml")
    with pytest.raises(ConfigError, match="there is no folder"):
        load_source(tmp_path / "nowhere" / "a.yml")
    with pytest.raises(ConfigError, match="is a folder"):
        load_source(tmp_path)
    big = tmp_path / "big.yml"
    big.write_bytes(b"a: " + b"x" * 1_000_000)
    with pytest.raises(ConfigError, match="larger than 1,000,000 bytes"):
        load_source(big)


def test_what_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yml"
    path.write_bytes("a: 1\nü: é".encode()[:-2] + b"\xe9\n")
    with pytest.raises(InvalidConfigError) as caught:
        load_source(path)
    assert str(caught.value).startswith(f"{path}:2:4: not UTF-8 text (byte 0xe9)")
    path.write_text("a: 1", encoding="utf-16")
    with pytest.raises(InvalidConfigError, match="not UTF-8"):
        load_source(path)


def test_mappings() -> None:
    source = from_mapping({"a": {"b": (1, Path("x"))}, "c": None})
    assert source.data == {"a": {"b": [1, "x"]}, "c": None}
    with pytest.raises(ConfigError, match="type object"):
        from_mapping({"a": object()})
    with pytest.raises(ConfigError, match="keys must be text"):
        from_mapping({"a": {1: 2}})


def test_the_pure_loader_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vega_core.config.compose._Loader", yaml.SafeLoader)
    text = "a: 1e-4\nb: {c: [on, 'x', &n {d: 1}], e: *n}\n"
    source = from_text(text)
    assert source.data == {"a": 1e-4, "b": {"c": ["on", "x", {"d": 1}], "e": {"d": 1}}}
    assert source.position(("b", "c", 2, "d")) == (2, 25)
    with pytest.raises(InvalidConfigError, match="deeper than 64"):
        from_text("a: " + "[" * 200)
