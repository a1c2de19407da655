"""How long a model takes to predict, measured on this machine."""
