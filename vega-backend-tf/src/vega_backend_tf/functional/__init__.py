"""A graph as a model of Keras's own layers and operations, which Keras alone loads."""
