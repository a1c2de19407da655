"""ONNX out of a graph and into one, without any framework."""
