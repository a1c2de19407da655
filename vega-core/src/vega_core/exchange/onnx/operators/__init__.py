"""The ONNX form of each primitive operator, one module a family as in `vega_core.nn.ops`."""
