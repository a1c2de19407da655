"""What ONNX's operators become, one module a family."""
