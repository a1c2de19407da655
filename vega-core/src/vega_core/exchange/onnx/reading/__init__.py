"""An ONNX file into a graph, without any framework."""
