import torch
import yaml

from loader import Loader

config = yaml.load(open("config.yaml"), Loader)
torch.manual_seed(config["seed"])
model = torch.nn.Linear(config["model"]["width"], config["model"].get("heads"))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model(torch.ones(config["data"]["batch"], 48)).sum().backward()
optimizer.step()
