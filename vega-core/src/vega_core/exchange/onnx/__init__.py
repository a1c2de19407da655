"""ONNX out of a graph, without any framework."""
