"""Networks as data: modules, tracing, graphs, primitive operators and statistics.

A network is written once, as modules with a `forward`, and traced into a graph of named primitive
operators. No deep-learning framework is imported to build, check, count, hash or save one.
"""

from __future__ import annotations

from vega_core.nn import initializers, losses, ops
from vega_core.nn.compose import compose
from vega_core.nn.description import (
    build_graph,
    build_network,
    canonical,
    description_hash,
    fill_auto,
)
from vega_core.nn.functional import (
    average_pool,
    concat,
    control,
    flatten,
    global_average_pool,
    identity,
    log_softmax,
    max_pool,
    pad,
    relu,
    reshape,
    softmax,
)
from vega_core.nn.graph import Graph, Node
from vega_core.nn.layers import BatchNorm, Conv, Dropout, Linear
from vega_core.nn.module import Block, Cell, Module, Network, Operator
from vega_core.nn.parameters import initial_parameters
from vega_core.nn.primitive import ParameterSpec, Primitive
from vega_core.nn.serial import graph_from_dict, graph_to_dict
from vega_core.nn.shapes import BATCH, TensorSpec, batched
from vega_core.nn.statistics import Layer, Statistics
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import trace

__all__ = [
    "BATCH",
    "BatchNorm",
    "Block",
    "Cell",
    "Conv",
    "Dropout",
    "Graph",
    "Layer",
    "Linear",
    "Module",
    "Network",
    "Node",
    "Operator",
    "ParameterSpec",
    "Primitive",
    "Statistics",
    "Tensor",
    "TensorSpec",
    "average_pool",
    "batched",
    "build_graph",
    "build_network",
    "canonical",
    "compose",
    "concat",
    "control",
    "description_hash",
    "fill_auto",
    "flatten",
    "global_average_pool",
    "graph_from_dict",
    "graph_to_dict",
    "identity",
    "initial_parameters",
    "initializers",
    "log_softmax",
    "losses",
    "max_pool",
    "ops",
    "pad",
    "relu",
    "reshape",
    "softmax",
    "trace",
]
