"""Functions of the user's own as targets: what a child process imports to have the same function.

A function of an installed module is found by name. One of the script that runs is found by running
the script once more under another module name, up to the first call that would start a search or a
run: that call stops the script, and by then the function is defined.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import types
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from vega_core.errors import UserError, suggest
from vega_core.plugins.importing import module_name

_loading: ContextVar[bool] = ContextVar("_loading", default=False)


class StopScript(BaseException):
    """Stops a script that is only run for its functions.

    No ``Exception``, so that no ``except`` clause of the script takes it.
    """


def stop_if_loading() -> None:
    """To be called first by everything that a script calls to start work.

    Raises:
        StopScript: The script is being run by ``load_function``.
    """
    if _loading.get():
        raise StopScript


def importable(function: Callable[..., Any]) -> str | None:
    """The target by which a child process finds a function.

    Returns:
        ``"package.module:name"``, ``"/path/script.py:name"`` for functions of the running script
        and of files that are not on the search path, or ``None`` where no child can have it:
        lambdas, closures, bound methods, and functions of notebooks and interactive sessions.
    """
    name = getattr(function, "__qualname__", None)
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    if not isinstance(function, types.FunctionType) or module is None or name is None:
        return None
    if _attribute(module, name) is not function:
        return None
    spec = module.__spec__
    if spec is not None and _found_by_name(spec):
        return f"{spec.name}:{name}"
    file = getattr(module, "__file__", None)
    path = Path(file).absolute() if file else None
    return f"{path}:{name}" if path and path.suffix == ".py" and path.is_file() else None


def load_function(target: str) -> Callable[..., Any]:
    """The function of a target made by ``importable``.

    Raises:
        UserError: The module does not define it, or not before it starts to work.
    """
    place, _, name = target.rpartition(":")
    module = _load(place)
    function = _attribute(module, name)
    if not callable(function):
        raise UserError(
            f"{place} defines no function '{name}' before it starts the search"
            f"{suggest(name, vars(module))}"
        )
    return function  # type: ignore[no-any-return]


def _attribute(module: types.ModuleType, name: str) -> Any:
    value: Any = module
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def _found_by_name(spec: ModuleSpec) -> bool:
    """Whether a fresh process with the same search path finds this very module."""
    top = spec.name.partition(".")[0]
    loaded = sys.modules.get(top)
    known = spec if top == spec.name else loaded.__spec__ if loaded else None
    for finder in sys.meta_path:
        found = finder.find_spec(top, None)
        if found is not None:
            return known is not None and found.origin == known.origin
    return False


def _load(place: str) -> types.ModuleType:
    spec = _spec(place)
    if spec is None or spec.loader is None:
        raise UserError(f"{place} cannot be imported: there is no such module")
    if spec.name in sys.modules:
        return sys.modules[spec.name]
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        with _marked(), contextlib.suppress(StopScript):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module


def _spec(place: str) -> ModuleSpec | None:
    if not place.endswith(".py"):
        with contextlib.suppress(ModuleNotFoundError):
            return importlib.util.find_spec(place)
        return None
    path = Path(place)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    return (
        importlib.util.spec_from_file_location(module_name(path), path) if path.is_file() else None
    )


@contextlib.contextmanager
def _marked() -> Iterator[None]:
    token = _loading.set(True)
    try:
        yield
    finally:
        _loading.reset(token)
