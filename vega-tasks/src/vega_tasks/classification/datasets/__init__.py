"""Data for image classification."""
