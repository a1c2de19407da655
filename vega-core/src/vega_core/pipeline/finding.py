"""Which model a word means: a file, a run, the name of a network, or a description as text."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from vega_core.config.compose import compose
from vega_core.config.diagnostics import InvalidConfigError
from vega_core.errors import ConfigError, ModelError, UserError, suggest
from vega_core.pipeline.described import DescribedModel
from vega_core.pipeline.presets import preset, type_in
from vega_core.plugins import Catalog, load_catalog

_OF_TRAINED: Final = frozenset(("description", "inputs", "transforms", "sha256"))
_IN_FOLDERS: Final = ("model.json", "journal.db", "run.lock")
_SUFFIXES: Final = (".yml", ".yaml", ".json")
_MAX_BYTES: Final = 1_000_000
_ONNX: Final = ".onnx"


def describe_model(
    model: Mapping[str, Any] | str | os.PathLike[str],
    *,
    step: str | None = None,
    plugins: Sequence[str] = (),
) -> DescribedModel:
    """Finds a model, without training it and without any framework.

    Args:
        model: A description such as ``{"type": "ResNet", "depth": 50}``, or, as text or path, what
            ``vega stats`` takes: a file, a run directory, the name of a network such as
            ``ResNet-50`` or ``ResNet:depth=50,num_classes=10``, or a description in YAML.
        step: The step of a configuration whose model is meant, by default the first with one; or
            that of a run, by default the last with one.
        plugins: Local code to load, as ``plugins`` in a configuration.

    Returns:
        The model; its `stats` counts it, its `graph` is traced.

    Raises:
        UserError: There is no such model, or its description is malformed.
        StateError: A file of a trained model is damaged.

    Example:
        >>> import vega_core as vega
        >>> stats = vega.describe_model({"type": "MLP", "hidden": []}).stats((64,))
        >>> stats.params, stats.macs
        (650, 640)
    """
    if isinstance(model, Mapping):
        _no_step(step, "a description")
        return DescribedModel(model, load_catalog(plugins))
    text = _text(model)
    if text.lstrip().startswith("{") or "\n" in text:
        _no_step(step, "a description")
        return DescribedModel(_parsed(text, "MODEL"), load_catalog(plugins))
    path = Path(text)
    if _is(path.is_file):
        return _of_file(path, step, plugins)
    catalog = load_catalog(plugins)
    if _is(path.is_dir) and _may_hold_models(path):
        return _of_trained(path, catalog, step)
    _no_step(step, text)
    if _looks_like_path(text) and not _is(path.exists) and not catalog.is_module(type_in(text)):
        raise UserError(f"{text}: no such file or folder{_beside(path)}")
    return DescribedModel(preset(text, catalog), catalog, origin="by its name")


def _text(model: Any) -> str:
    try:
        text = os.fspath(model)
    except TypeError:
        text = model
    if not isinstance(text, str):
        raise ModelError(f"a model is a description, a path or a name, and got {model!r}")
    return text


def _of_file(path: Path, step: str | None, plugins: Sequence[str]) -> DescribedModel:
    if path.suffix.casefold() == _ONNX:
        _no_step(step, str(path))
        described = {"type": "Onnx", "file": str(path)}
        return DescribedModel(described, load_catalog(plugins), origin=f"of {path}")
    data = _parsed(_read(path), str(path))
    if "pipeline" in data:
        from vega_core.pipeline.configured import model_of_config  # a description needs no engine

        return model_of_config(path, data.get("plugins"), step, plugins)
    _no_step(step, str(path))
    if data.keys() >= _OF_TRAINED:
        return _of_trained(path, load_catalog(plugins))
    if "type" not in data and "modules" not in data:
        raise ModelError(
            f"{path}: neither a description of a model, which has a 'type', nor a configuration, "
            f"which has a 'pipeline', nor the model.json of a trained model; its keys are "
            f"{', '.join(data) or 'none'}"
        )
    catalog, folder = load_catalog(plugins), path.parent
    return DescribedModel(data, catalog, origin=f"of {path}", folder=folder)


def _of_trained(path: Path, catalog: Catalog, step: str | None = None) -> DescribedModel:
    # Imported here, as a description needs neither data nor a journal.
    from vega_core.pipeline.choosing import chosen_model_file
    from vega_core.pipeline.model_io import read_content
    from vega_core.pipeline.trained import network_inputs

    file = chosen_model_file(path, step)
    content = read_content(file)
    return DescribedModel(
        content.description,
        catalog,
        origin=f"trained as {content.id} in {path}",
        inputs=lambda: network_inputs(content, catalog),
        folder=file.parent,
    )


def _is(question: Callable[[], bool]) -> bool:
    """Asks about a path; a text that can be none, as it is too long, is no file."""
    try:
        return question()
    except OSError:
        return False


def _may_hold_models(folder: Path) -> bool:
    """Tells a run or a model's folder from one that only has the name of a network."""
    return any((folder / name).exists() for name in _IN_FOLDERS) or len(folder.parts) > 1


def _looks_like_path(text: str) -> bool:
    return os.sep in text or text.startswith("~") or text.endswith(_SUFFIXES)


def _beside(path: Path) -> str:
    """Returns what there is in place of a path that is missing, as far as it helps."""
    folder = path.parent
    try:
        names = sorted(item.name for item in folder.iterdir())
    except OSError:
        return f"; there is no folder '{folder}'"
    hint = suggest(path.name, names)
    if folder.name == "models" and folder.parent.parent.name == "steps":
        kept = ", ".join(names) or "none"
        return f"; step '{folder.parent.name}' keeps the parameters of {kept} (see keep_models)"
    return hint


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
        if len(raw) <= _MAX_BYTES and b"\0" not in raw:
            return raw.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        pass
    raise ModelError(
        f"{path}: no description in YAML or JSON; of a trained model, give its run directory or "
        "its model.json"
    )


def _parsed(text: str, name: str) -> dict[str, Any]:
    root, faults = compose(text, name)
    if faults:
        raise InvalidConfigError(faults)
    data = root.plain()
    if not isinstance(data, dict):
        raise ModelError(f"{name}: a model is described by a mapping with a 'type', got {data!r}")
    return data


def _no_step(step: str | None, what: str) -> None:
    if step is not None:
        raise UserError(f"{what} has no step '{step}'; only a configuration and a run have steps")
