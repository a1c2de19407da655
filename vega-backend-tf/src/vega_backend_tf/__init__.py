"""The TensorFlow backend of the Vega AutoML system."""

__version__ = "0.1.0"
