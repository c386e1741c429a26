import torch
from omegaconf import OmegaConf

config = OmegaConf.load("settings.yaml")
config.trainer.lr = 0.02
command_line = OmegaConf.from_cli()
config = OmegaConf.merge(config, command_line)
model = torch.nn.Linear(config.width, config.half)
optimizer = torch.optim.SGD(model.parameters(), lr=config.trainer.lr)
model(torch.ones(1, config.width)).sum().backward()
optimizer.step()
print(config.trainer.label)
