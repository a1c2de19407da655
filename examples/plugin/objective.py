def objective(config):
    return (config["x"] - 1) ** 2 + (config["y"] + 2) ** 2
