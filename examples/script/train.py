"""Fits a line by gradient descent and prints one JSON object an epoch. It knows nothing of Vega."""

import argparse
import json
from pathlib import Path

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--batch-size", type=int, required=True)
parser.add_argument("--epochs", type=int, required=True, help="in total, with those done before")
options = parser.parse_args()

rng = np.random.default_rng(0)
x = rng.normal(size=(512, 8))
y = x @ np.arange(8.0) + rng.normal(size=512)
weights, done = np.zeros(8), 0

saved = Path("state.npz")  # the working folder is the trial's own
if saved.exists():
    state = np.load(saved)
    weights, done = state["weights"], int(state["done"])

for epoch in range(done, options.epochs):
    for rows in np.array_split(rng.permutation(len(x)), len(x) // options.batch_size):
        error = x[rows] @ weights - y[rows]
        weights -= options.lr * x[rows].T @ error / len(rows)
    loss = float(np.mean((x @ weights - y) ** 2))
    print(json.dumps({"epoch": epoch + 1, "loss": loss}), flush=True)

np.savez(saved, weights=weights, done=options.epochs)
