"""Stand-in for Lightning 1.x and 2.x: modules that are trained by a trainer. What a trainer does to the weights is not
modelled; its class gives a parser of 1.x its options, of which none is needed to build a model.
"""
import inspect as _inspect

import torch
from torch import nn

from kernels import caller_variables, unmodelled


class _Attributes(dict):
    def __getattr__(self, name):
        if name not in self:
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name, value):
        self[name] = value


class LightningModule(nn.Module):
    def __init__(self, *args, **kwargs):
        super().__init__()
        self.automatic_optimization = True

    @property
    def hparams(self):
        if "_hparams" not in self.__dict__:
            self.__dict__["_hparams"] = _Attributes()
        return self.__dict__["_hparams"]

    def save_hyperparameters(self, *args, ignore=None, frame=None, logger=True):
        left_out = [ignore] if isinstance(ignore, str) else list(ignore or ())
        given = caller_variables()
        names = [name for name in _inspect.signature(type(self).__init__).parameters if name != "self"]
        if args and not all(isinstance(name, str) for name in args):
            for value in args:
                self.hparams.update(value if isinstance(value, dict) else vars(value))
            return
        for name in args or names:
            if name in given and name not in left_out:
                self.hparams[name] = given[name]
        for name, value in given.get("kwargs", {}).items() if not args else ():
            self.hparams[name] = value
        self.hparams.pop("kwargs", None)

    def log(self, *args, **kwargs):
        pass

    def log_dict(self, *args, **kwargs):
        pass

    def print(self, *args, **kwargs):
        pass

    @property
    def device(self):
        return torch.device("cpu")

    @property
    def global_rank(self):
        return 0

    @property
    def current_epoch(self):
        return 0

    @property
    def global_step(self):
        return 0


class LightningDataModule:
    def __init__(self):
        pass


class Callback:
    pass


class Trainer:
    def __init__(self, *args, **kwargs):
        pass

    @classmethod
    def add_argparse_args(cls, parent_parser, **kwargs):
        return parent_parser

    @classmethod
    def from_argparse_args(cls, args, **kwargs):
        return cls(**kwargs)

    def fit(self, model, *args, **kwargs):
        pass

    def __getattr__(self, name):
        unmodelled(f"pytorch_lightning.Trainer.{name}")


def seed_everything(seed=None, workers=False, verbose=True):
    return seed
