from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import vega_core as vega

images, labels = load_digits(return_X_y=True)
x, x_val, y, y_val = train_test_split(images / 16, labels, random_state=0)


def objective(config, budget, report):
    model = MLPClassifier(config["width"], learning_rate_init=config["lr"], random_state=0)
    for epoch in range(1, int(budget) + 1):
        model.partial_fit(x, y, classes=range(10))
        accuracy = model.score(x_val, y_val)
        report(accuracy, epoch)
    return accuracy


best = vega.tune(
    objective,
    space={"lr": ("FLOAT_EXP", 1e-4, 1e-1), "width": ("INT_EXP", 8, 128)},
    objectives={"accuracy": "max"},
    algorithm="AshaHpo",
    trials=20,
    max_budget=9,
    workers=2,
    seed=0,
)
print(best.config)
print(best.metrics)
