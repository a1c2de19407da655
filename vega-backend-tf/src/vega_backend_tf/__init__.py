"""The TensorFlow backend of the Vega AutoML system."""

import os

__version__ = "0.1.0"

# TensorFlow reads it when it is imported. What it notes of processors and files is nothing that a
# user of Vega asked for; warnings stay, and so does what the user's environment says.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
