"""A training step and a forward pass on TensorFlow, against the same network written in Keras.

ResNet-20 on pictures of 32x32, batch 64, SGD with momentum. The arms take turns, in an order that
changes from round to round, every step waits for its loss, and the medians are compared; with one
thread they are of the process's own processor time, in which other work does not count:

- a Keras model trained in a plain ``tf.function`` (target: at least 1.2 times as fast),
- the same compiled by XLA (at least 0.97 times),
- a forward pass of one picture in evaluation, against both Keras forms (at least 0.97 times the
  faster).

The first call of each arm, which traces and compiles, is printed apart.

Run: ``python benchmarks/tf_step.py [--quick] [--threads N]``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from _arms import Arm, first_calls, judge, report, times

from vega_backend_tf.backend import TensorFlowBackend
from vega_core import nn
from vega_core.backend import SGD, TrainSpec
from vega_tasks.classification.networks import ResNet


def conv_norm(x: object, channels: int, size: int, stride: int = 1) -> object:
    """Returns a convolution with a norm, as one writes it in Keras."""
    if size == 3 and stride > 1:
        x, padding = keras.layers.ZeroPadding2D(1)(x), "valid"
    else:
        padding = "same"
    x = keras.layers.Conv2D(channels, size, stride, padding, use_bias=False)(x)
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def keras_resnet(classes: int = 10) -> keras.Model:
    """Returns ResNet-20, as one writes it in Keras."""
    image = keras.Input((32, 32, 3))
    x = keras.layers.ReLU()(conv_norm(image, 16, 3))
    for channels in (16, 16, 16, 32, 32, 32, 64, 64, 64):
        stride = 1 if x.shape[-1] == channels else 2
        y = keras.layers.ReLU()(conv_norm(x, channels, 3, stride))
        y = conv_norm(y, channels, 3)
        if stride > 1:
            x = conv_norm(x, channels, 1, stride)
        x = keras.layers.ReLU()(keras.layers.Add()([x, y]))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(classes)(x))


def keras_step(images: np.ndarray, labels: np.ndarray, compiled: bool) -> Arm:
    """Returns a training step of the network written in Keras."""
    model, optimizer = keras_resnet(), keras.optimizers.SGD(0.05, momentum=0.9)
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=compiled)
    def step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            scores = model(x, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, scores))
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    pictures = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    return lambda: float(step(tf.constant(pictures), tf.constant(labels)))


def keras_forward(image: np.ndarray, compiled: bool) -> Arm:
    """Returns an evaluation of the network written in Keras."""
    model = keras_resnet()
    forward = tf.function(lambda x: model(x, training=False), jit_compile=compiled)
    picture = np.ascontiguousarray(image.transpose(0, 2, 3, 1))
    return lambda: forward(tf.constant(picture)).numpy()


def our_step(images: np.ndarray, labels: np.ndarray) -> Arm:
    """Returns a training step through the backend."""
    training = nn.compose(model(), nn.losses.CrossEntropy(), {"label": nn.batched((), "int64")})
    backend = TensorFlowBackend()
    store = backend.store(nn.initial_parameters(training, 0))
    trains = backend.compile(training, store, train=TrainSpec(SGD(lr=0.05, momentum=0.9)))
    batch = {"image": images, "label": labels}
    return lambda: float(trains.train_step(batch).loss)


def our_forward(image: np.ndarray) -> Arm:
    """Returns an evaluation through the backend."""
    graph, backend = model(), TensorFlowBackend()
    predicts = backend.compile(graph, backend.store(nn.initial_parameters(graph, 0)))
    return lambda: predicts.predict({"image": image})


def model() -> nn.Graph:
    """Returns the graph, which has as many parameters as the network in Keras."""
    graph = nn.trace(ResNet(20), {"image": nn.batched((3, 32, 32))})
    count = sum(int(np.prod(variable.shape)) for variable in keras_resnet().trainable_variables)
    assert graph.stats().params == count
    return graph


def main() -> int:
    """Measures, prints and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="20 rounds instead of 40")
    parser.add_argument("--threads", type=int, default=1, help="threads; 0 for TensorFlow's own")
    options = parser.parse_args()
    if options.threads:
        tf.config.threading.set_intra_op_parallelism_threads(options.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    rounds = 20 if options.quick else 40
    clock = time.process_time if options.threads == 1 else time.perf_counter
    rng = np.random.default_rng(0)
    images = rng.standard_normal((64, 3, 32, 32)).astype(np.float32)
    labels = rng.integers(0, 10, 64)
    print(f"training step, {rounds} rounds, {options.threads or 'all'} threads")
    steps = {
        "keras": keras_step(images, labels, compiled=False),
        "keras xla": keras_step(images, labels, compiled=True),
        "vega": our_step(images, labels),
    }
    first_calls(steps)
    train = report(times(steps, rounds, 1, clock))
    print("forward pass of one picture")
    forwards = {
        "keras": keras_forward(images[:1], compiled=False),
        "keras xla": keras_forward(images[:1], compiled=True),
        "vega": our_forward(images[:1]),
    }
    first_calls(forwards)
    single = report(times(forwards, rounds, 20, clock))
    best = min(single["keras"], single["keras xla"])
    passed = [
        judge("step, against keras", train["keras"] / train["vega"], 1.2),
        judge("step, against keras under XLA", train["keras xla"] / train["vega"], 0.97),
        judge("forward of one, against the better", best / single["vega"], 0.97),
    ]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
