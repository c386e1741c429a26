import os

import torch
import yaml


def load(path):
    with open(path) as stream:
        config = yaml.safe_load(stream)
    if "_base_" in config:
        base = load(os.path.join(os.path.dirname(path), config.pop("_base_")))
        for key, value in config.items():
            base.setdefault(key, {}).update(value)
        config = base
    return config


config = load("configs/large.yaml")
model = torch.nn.Linear(config["model"]["width"], config["model"]["depth"])
optimizer = torch.optim.SGD(model.parameters(), lr=config["optimizer"]["lr"])
model(torch.ones(1, config["model"]["width"])).sum().backward()
optimizer.step()
