"""Other spellings of keys and values: those of the paper and of earlier releases.

Only tables; `vega_core.config.modernize` and `vega_core.config.components` apply them. A path is
written with dots. A key that stands in the left column of `GENERAL_UNUSED` or `UNUSED` had an
effect that nothing needs here, and is accepted; every other unknown key is an error.
"""

from __future__ import annotations

from collections.abc import Mapping

GENERAL_MOVES: Mapping[str, str] = {
    "general.task.local_base_path": "general.output",
    "general.local_base_path": "general.output",
    "general.worker.timeout": "general.trial_timeout",
}

_WORKERS = "'general.workers' says how many trials run at once"
_ONE_DEVICE = "a trial runs on one device"

GENERAL_UNUSED: Mapping[str, str] = {
    "general.device_category": "the backend finds its devices",
    "general.logger": "run.log holds what the driver logs",
    "general.parallel_search": _WORKERS,
    "general.parallel_fully_train": _WORKERS,
    "general.workers_num": _WORKERS,
    "general.worker.devices_per_job": _ONE_DEVICE,
    "general.worker.gpus_per_job": _ONE_DEVICE,
    "general.devices_per_trainer": _ONE_DEVICE,
    "general.devices_per_job": _ONE_DEVICE,
    "general.worker.eval_count": "",
    "general.worker.evaluate_timeout": "",
    "general.task.task_id": "'general.output' names the run directory",
    "general.task.output_subpath": "a run directory has one layout",
    "general.task.best_model_subpath": "a run directory has one layout",
    "general.task.log_subpath": "a run directory has one layout",
    "general.task.result_subpath": "a run directory has one layout",
    "general.task.worker_subpath": "a run directory has one layout",
    "general.task.backup_base_path": "",
    "general.task.use_dloop": "",
    "general.step_name": "",
    "general.requires": "",
    "general.env": "",
    "general.dft": "",
    "general.calc_params_each_epoch": "",
    "general.data_format": "every backend has one layout of arrays",
    "general.clean_worker_dir": "the parameters of a trial that can still win are kept",
    "general.message_port": "nothing listens on a port",
    "general.python_command": "",
    "general.device_evaluate_before_train": "",
    "general.ms_execute_mode": "",
    "general.dataset_sink_mode": "",
    "general.TF_CPP_MIN_LOG_LEVEL": "",
    "general.security": "nothing listens on a port, and no code is read from files",
}

GENERAL_REFUSED: Mapping[str, str] = {
    "general.quota": "give bounds as 'constraints' of a step: {params: '<= 1e6', macs: '<= 1e8'}",
    "general.cluster": "a cluster is driven by an executor: 'general.executor'",
}

BACKENDS: Mapping[str, str] = {
    "pytorch": "torch",
    "p": "torch",
    "t": "tensorflow",
    "m": "mindspore",
}

STEP_MOVES: Mapping[str, str] = {
    "hyperparameter_space": "search_space",
    "search_algorithm.objective_keys": "objectives",
    "trainer.optim": "trainer.optimizer",
    "dataset.transformers": "dataset.transforms",
    "model.model_desc": "model",
}

STEP_REFUSED: Mapping[str, str] = {
    "evaluator.device_evaluator": "models are not measured on a remote device",
    "model.models_folder": "take models over from an earlier step: 'models: {from: STEP}'",
}

STEP_TYPES: Mapping[str, str] = {
    "NasPipeStep": "SearchPipeStep",
    "FullyTrainPipeStep": "TrainPipeStep",
}

METRICS: Mapping[str, str] = {"flops": "macs"}
"""Names in `objectives` and `constraints`. What the papers call FLOPs are multiply-adds."""

NAME_ROOTS: Mapping[str, str] = {
    "network": "model",
    "trainer.optim": "trainer.optimizer",
    "dataset.transformers": "dataset.transforms",
    "dataset.common": "dataset",
    "dataset.train": "dataset",
    "search_algorithm.policy": "search_algorithm",
}
"""Beginnings of the names in a search space."""

PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "algorithm": {
        "num_sample": "num_samples",
        "config_count": "num_samples",
        "max_samples": "num_samples",
        "max_sample": "num_samples",
        "max_epochs": "max_budget",
        "epochs_per_iter": "max_budget",
        "min_epochs": "min_budget",
        "total_epochs": "total_budget",
    },
    "dataset": {"data_path": "path"},
    "trainer": {"report_freq": "report_every", "clip_grad": "grad_clip"},
    "network": {
        "num_class": "num_classes",
        "base_depth": "depth",
        "base_channel": "width",
        "inchannels": "in_channels",
        "outchannels": "out_channels",
    },
    "schedule": {"T_max": "t_max", "min_lr": "eta_min"},
    "loss": {"label_smoothing": "smoothing"},
}
"""Parameters of components, by kind; used where the component has the new name and not the old."""

_CHECKPOINTS = "checkpoints are always saved and loaded"
_SHUFFLE = "training shuffles and drops the last partial batch, evaluation does neither"

UNUSED: Mapping[str, Mapping[str, str]] = {
    "algorithm": {"codec": ""},
    "dataset": {
        "num_workers": "",
        "pin_memory": "",
        "buffer_size": "",
        "imgs_per_gpu": "",
        "distributed": _ONE_DEVICE,
        "download": "nothing is downloaded",
        "shuffle": _SHUFFLE,
        "drop_last": _SHUFFLE,
    },
    "trainer": {
        "seed": "'general.seed' is the seed of the run",
        "distributed": _ONE_DEVICE,
        "syncbn": _ONE_DEVICE,
        "with_train": "",
        "with_valid": "",
        "load_checkpoint": _CHECKPOINTS,
        "save_checkpoint": _CHECKPOINTS,
        "save_steps": _CHECKPOINTS,
        "save_model_desc": "",
        "save_ext_model": "",
        "lazy_built": "",
        "model_statistics": "",
        "calc_latency": "",
        "train_verbose": "",
        "valid_verbose": "",
        "train_report_steps": "",
        "valid_report_steps": "",
        "opt_level": "",
        "keep_batchnorm_fp32": "",
        "loss_scale": "",
        "apex_loss_scale": "",
        "task": "the dataset names its task",
    },
}
"""Parameters without effect, by kind, and why; used where the component does not have them."""

ADVICE: Mapping[str, Mapping[str, str]] = {
    "dataset": {"train_portion": "the part for validation is 'val'"},
    "trainer": {
        "amp": "write 'precision: bfloat16'",
        "use_amp": "write 'precision: bfloat16'",
        "pretrained_model_file": "take trained models over with 'models: {from: STEP}'",
    },
    "metric": {"topk": "list {type: top_k_accuracy, k: 5} beside 'accuracy'"},
    "network": {"model_desc_file": "write the description itself, or take it over with 'models'"},
}
"""Parameters that are refused, by kind, and what to write; used like `UNUSED`."""
