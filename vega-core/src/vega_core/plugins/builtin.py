"""What the core itself provides, through the same hooks as any plugin."""

from __future__ import annotations

from collections.abc import Iterable

from vega_core.plugins.hookspecs import hookimpl
from vega_core.plugins.records import Provider

STEPS = (
    Provider(
        "SearchPipeStep",
        "vega_core.pipeline.search_step:SearchStep",
        "Searches a space with an algorithm and hands its best models on.",
        aliases=("NasPipeStep",),
    ),
    Provider(
        "TrainPipeStep",
        "vega_core.pipeline.train_step:TrainStep",
        "Fully trains the models of an earlier step, or the one described.",
        aliases=("FullyTrainPipeStep",),
    ),
)

SEARCH_SPACES = (
    Provider(
        "SearchSpace",
        "vega_core.space:SearchSpace",
        "Typed hyperparameters with conditions and forbidden combinations.",
        example={
            "hyperparameters": [
                {
                    "key": "trainer.optimizer.params.lr",
                    "type": "FLOAT_EXP",
                    "range": [1e-5, 0.1],
                },
                {"key": "trainer.optimizer.type", "type": "CATEGORY", "range": ["Adam", "SGD"]},
                {"key": "trainer.optimizer.params.momentum", "type": "FLOAT", "range": [0.0, 0.99]},
            ],
            "condition": [
                {
                    "key": "momentum_of_sgd",
                    "child": "trainer.optimizer.params.momentum",
                    "parent": "trainer.optimizer.type",
                    "type": "EQUAL",
                    "range": ["SGD"],
                }
            ],
        },
    ),
)

NETWORKS = (
    Provider(
        "Graph",
        "vega_core.nn.sources:GraphFile",
        "A graph from a file, as vega_core.nn.graph_to_dict gives it.",
        example={"file": "graph.json"},
    ),
    Provider(
        "Onnx",
        "vega_core.exchange.onnx.reading.source:Onnx",
        "A network from an ONNX file, with the file's values as its first parameters.",
        example={"file": "model.onnx"},
    ),
)

TRAINERS = (
    Provider(
        "Trainer",
        "vega_core.train.standard:StandardTrainer",
        "Trains one network over epochs with an optimizer, a loss and metrics.",
    ),
    Provider(
        "Script",
        "vega_core.train.script:ScriptTrainer",
        "Runs a command that prints its metrics as JSON lines.",
        aliases=("ScriptRunner",),
        example={"command": ["python", "train.py"]},
    ),
    Provider(
        "Function",
        "vega_core.train.function:FunctionTrainer",
        "Calls a Python function of the user's own.",
        example={"function": "my_module:objective"},
    ),
)

REWRITES = (
    Provider(
        "FoldBatchNorm",
        "vega_core.nn.rewrites:FoldBatchNorm",
        "Folds batch normalizations into the layers before them.",
    ),
    Provider(
        "Widen",
        "vega_core.nn.rewrites:Widen",
        "Gives a layer more channels, by copies that compute the same.",
        paper="Chen, Goodfellow and Shlens, Net2Net: Accelerating Learning via Knowledge Transfer, "
        "2016, arXiv 1511.05641",
        example={"node": "layer1.0.conv1.conv", "channels": 24},
    ),
    Provider(
        "Deepen",
        "vega_core.nn.rewrites:Deepen",
        "Puts a layer behind a node that begins as the identity.",
        paper="Chen, Goodfellow and Shlens, Net2Net: Accelerating Learning via Knowledge Transfer, "
        "2016, arXiv 1511.05641",
        example={"node": "layer1.0.relu_1"},
    ),
    Provider(
        "SwapOperator",
        "vega_core.nn.rewrites:SwapOperator",
        "Puts an operator in place of another, such as Swish in place of Relu.",
        example={"old": "Relu", "new": "Swish", "nodes": "layer3"},
    ),
    Provider(
        "ReplaceHead",
        "vega_core.nn.rewrites:ReplaceHead",
        "Replaces the last layer by one of another number of classes.",
        example={"num_classes": 10},
    ),
    Provider(
        "Freeze",
        "vega_core.nn.rewrites:Freeze",
        "Makes parameters constants, and holds their normalizations still.",
        example={"parameters": "backbone"},
    ),
    Provider(
        "FakeQuant",
        "vega_core.nn.rewrites:FakeQuant",
        "Quantizes weights and activations to given bits, in training too.",
        paper="Choi et al., PACT: Parameterized Clipping Activation for Quantized Neural Networks, "
        "2018, arXiv 1805.06085",
        example={"bits": "w4a4, first=w8a8", "layers": {"fc": [8, 8]}},
    ),
    Provider(
        "PruneChannels",
        "vega_core.nn.rewrites:PruneChannels",
        "Removes channels, and with each all that can only go together with it.",
        example={"remove": {"layer1.0.conv1.conv": [0, 3, 5]}},
    ),
)

EXECUTORS = (
    Provider(
        "local",
        "vega_core.execute.local:LocalExecutor",
        "Supervised child processes on this machine.",
    ),
    Provider(
        "in-process",
        "vega_core.execute.inprocess:InProcessExecutor",
        "The driver's own process, for quick objectives and for debugging.",
    ),
)

EXPORTERS = (
    Provider(
        "onnx",
        "vega_core.exchange.onnx.exporter:OnnxExporter",
        "ONNX, for onnxruntime and most other runtimes.",
    ),
)

LOSSES = (
    Provider(
        "CrossEntropy",
        "vega_core.nn.losses:CrossEntropy",
        "Cross entropy of scores with class numbers.",
        aliases=("CrossEntropyLoss",),
    ),
    Provider(
        "BinaryCrossEntropy",
        "vega_core.nn.losses:BinaryCrossEntropy",
        "Cross entropy of yes-or-no scores with a target in [0, 1].",
        aliases=("BCEWithLogitsLoss",),
    ),
    Provider(
        "KLDivergence",
        "vega_core.nn.losses:KLDivergence",
        "Distillation: how far an output's classes are from a teacher's.",
        aliases=("KLDivLoss",),
        paper="Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015, "
        "arXiv 1503.02531",
    ),
    Provider(
        "MeanSquaredError",
        "vega_core.nn.losses:MeanSquaredError",
        "Mean squared error of an output with a target of its shape.",
        aliases=("MSELoss",),
    ),
    Provider(
        "MeanAbsoluteError",
        "vega_core.nn.losses:MeanAbsoluteError",
        "Mean absolute error of an output with a target of its shape.",
        aliases=("L1Loss",),
    ),
    Provider(
        "SmoothL1",
        "vega_core.nn.losses:SmoothL1",
        "Mean absolute error of an output with a target of its shape, a square near 0.",
        aliases=("SmoothL1Loss",),
        paper="Girshick, Fast R-CNN, 2015, arXiv 1504.08083",
    ),
)

CALLBACKS = (
    Provider(
        "EarlyStop",
        "vega_core.train.early_stop:EarlyStop",
        "Ends training where a metric no longer improves.",
    ),
    Provider(
        "BestCheckpoint",
        "vega_core.train.best_checkpoint:BestCheckpoint",
        "Keeps the parameters of the best validation, and ends with them.",
    ),
    Provider(
        "ProgressLog",
        "vega_core.train.log:ProgressLog",
        "Logs the metrics after each epoch.",
    ),
)

EVALUATORS = (
    Provider(
        "Statistics",
        "vega_core.train.evaluator:Statistics",
        "Counts the parameters and multiply-adds of the network.",
    ),
    Provider(
        "OnnxLatency",
        "vega_core.measure.evaluator:OnnxLatency",
        "Measures the time of a prediction under onnxruntime on this machine.",
        aliases=("latency",),
    ),
    Provider(
        "LatencyEstimate",
        "vega_core.measure.evaluator:LatencyEstimate",
        "Estimates the time of a prediction from a table of operators' times.",
    ),
)

OPTIMIZERS = (
    Provider(
        "SGD",
        "vega_core.backend.optimizers:SGD",
        "Stochastic gradient descent with momentum.",
        aliases=("Momentum",),
    ),
    Provider(
        "Adam",
        "vega_core.backend.optimizers:Adam",
        "Adaptive moment estimation.",
        paper="Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, arXiv 1412.6980",
    ),
    Provider(
        "AdamW",
        "vega_core.backend.optimizers:AdamW",
        "Adam with decoupled weight decay.",
        paper="Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019, "
        "arXiv 1711.05101",
    ),
    Provider(
        "RMSprop",
        "vega_core.backend.optimizers:RMSprop",
        "Gradients divided by a running root mean square.",
        aliases=("RMSProp",),
    ),
    Provider(
        "gRDA",
        "vega_core.backend.optimizers:GRDA",
        "Regularized dual averaging, which sets weights to exactly zero.",
        paper="Chao and Cheng, A Generalization of Regularized Dual Averaging and its Dynamics, "
        "2019, arXiv 1909.10072",
    ),
)

SCHEDULES = (
    Provider(
        "Constant",
        "vega_core.backend.schedules:Constant",
        "The optimizer's own learning rate throughout.",
    ),
    Provider(
        "StepLR",
        "vega_core.backend.schedules:StepLR",
        "Multiplied by a factor every so many epochs.",
    ),
    Provider(
        "MultiStepLR",
        "vega_core.backend.schedules:MultiStepLR",
        "Multiplied by a factor at given epochs.",
    ),
    Provider(
        "CosineAnnealing",
        "vega_core.backend.schedules:CosineAnnealing",
        "Half a cosine from the learning rate to its minimum.",
        aliases=("CosineAnnealingLR",),
        paper="Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017, "
        "arXiv 1608.03983",
    ),
    Provider(
        "WarmupCosine",
        "vega_core.backend.schedules:WarmupCosine",
        "A linear rise, then half a cosine.",
        paper="Goyal et al., Accurate, Large Minibatch SGD, 2017, arXiv 1706.02677",
    ),
    Provider(
        "Exponential",
        "vega_core.backend.schedules:Exponential",
        "Multiplied by a factor after each epoch.",
        aliases=("ExponentialLR",),
    ),
    Provider(
        "Polynomial",
        "vega_core.backend.schedules:Polynomial",
        "Falls with a power of the part of training that is left.",
        aliases=("PolyLR", "PolynomialLR"),
    ),
)


@hookimpl
def vega_steps() -> Iterable[Provider]:
    """Yields the two steps that most pipelines are made of."""
    return STEPS


@hookimpl
def vega_search_spaces() -> Iterable[Provider]:
    """Yields the space that a configuration spells out."""
    return SEARCH_SPACES


@hookimpl
def vega_networks() -> Iterable[Provider]:
    """Yields networks that come from files."""
    return NETWORKS


@hookimpl
def vega_trainers() -> Iterable[Provider]:
    """Yields the standard trainer, and those that run a user's own code."""
    return TRAINERS


@hookimpl
def vega_rewrites() -> Iterable[Provider]:
    """Yields the changes of graphs that compression, morphism and transfer are made of."""
    return REWRITES


@hookimpl
def vega_executors() -> Iterable[Provider]:
    """Yields the executors of one machine."""
    return EXECUTORS


@hookimpl
def vega_exporters() -> Iterable[Provider]:
    """Yields the exporters that need no framework."""
    return EXPORTERS


@hookimpl
def vega_losses() -> Iterable[Provider]:
    """Yields the losses that every task can use."""
    return LOSSES


@hookimpl
def vega_callbacks() -> Iterable[Provider]:
    """Yields the callbacks of the standard trainer."""
    return CALLBACKS


@hookimpl
def vega_evaluators() -> Iterable[Provider]:
    """Yields what every step with a model is evaluated by."""
    return EVALUATORS


@hookimpl
def vega_optimizers() -> Iterable[Provider]:
    """Yields the optimizers whose rules are defined with a NumPy reference."""
    return OPTIMIZERS


@hookimpl
def vega_schedules() -> Iterable[Provider]:
    """Yields the schedules of the learning rate."""
    return SCHEDULES
