"""What the parts of the kit share: the factory, declared capabilities, and warm backends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from vega_core import nn
from vega_core.arrays import Array
from vega_core.backend import Backend, Device, Executable, Params, ParamStore, TrainSpec
from vega_core.errors import suggest
from vega_core.nn.ops import OPERATORS
from vega_core.testing.compare import Tolerance
from vega_core.testing.conformance import Conformance


class BackendKit(Conformance):
    """The factory and the declarations of `BackendConformance`, which says what they mean."""

    unsupported: ClassVar[Mapping[str, str]] = {}
    device: ClassVar[str | None] = None
    float64: ClassVar[bool] = False
    cases_each: ClassVar[int | None] = None
    tolerance: ClassVar[Tolerance] = Tolerance()
    training_tolerance: ClassVar[Tolerance] = Tolerance(5e-4, 5e-5)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name in cls.unsupported:
            if name not in OPERATORS:
                hint = suggest(name, OPERATORS)
                raise TypeError(f"unsupported: there is no operator '{name}'{hint}")

    def backend(self) -> Backend:
        """Returns a new backend; the author writes this."""
        raise NotImplementedError(f"{type(self).__name__} must define backend(self)")

    @property
    def warm(self) -> Backend:
        """One backend for all tests of a kit, as a worker keeps one for many trials."""
        return self.once("backend", self.backend)

    def place(self, backend: Backend) -> Device:
        """Returns the device that the kit runs on."""
        devices = {device.name: device for device in backend.devices()}
        if self.device is None:
            return next(iter(devices.values()))
        if self.device not in devices:
            raise AssertionError(f"there is no device '{self.device}', but {sorted(devices)}")
        return devices[self.device]

    def store(self, params: Params, backend: Backend | None = None) -> ParamStore:
        """Returns a new store with parameters."""
        backend = backend or self.warm
        return backend.store(params, self.place(backend))

    def ready(
        self,
        graph: nn.Graph,
        train: TrainSpec | None = None,
        *,
        params: Mapping[str, Array] | None = None,
        backend: Backend | None = None,
    ) -> Executable:
        """Returns a graph over a new store, by default with the parameters of seed 0."""
        backend = backend or self.warm
        arrays = nn.initial_parameters(graph, 0) if params is None else params
        return backend.compile(graph, self.store(arrays, backend), train=train)
