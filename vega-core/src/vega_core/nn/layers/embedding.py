"""Tables of vectors."""

from __future__ import annotations

from vega_core.nn import ops
from vega_core.nn.initializers import Initializer
from vega_core.nn.module import Operator
from vega_core.nn.tensor import Tensor
from vega_core.nn.tracing import current


class Embedding(Operator):
    """A table of vectors that integers of shape (...) look up, as (..., embedding_dim).

    Attributes:
        num_embeddings: Number of vectors.
        embedding_dim: Length of each.
        weight_init: How the table begins; by default, as in PyTorch, normal of variance 1.
    """

    num_embeddings: int
    embedding_dim: int
    weight_init: Initializer | None = None

    def forward(self, indices: Tensor) -> Tensor:
        op = ops.Embedding(self.num_embeddings, self.embedding_dim)
        return current().emit(op, (indices,), {"weight": self.weight_init})[0]
