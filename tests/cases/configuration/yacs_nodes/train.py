import torch

from settings import get_cfg_defaults

cfg = get_cfg_defaults()
cfg.merge_from_file("experiments/wide.yaml")
cfg.freeze()
torch.manual_seed(cfg.SEED)
model = torch.nn.Linear(cfg.MODEL.WIDTH, cfg.MODEL.DEPTH)
optimizer = torch.optim.SGD(model.parameters(), lr=cfg.SOLVER.LR)
model(torch.ones(1, cfg.MODEL.WIDTH)).sum().backward()
optimizer.step()
