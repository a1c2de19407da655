"""Image classification: one image in, one label out."""
