"""The part of a model up to the last of the named layers, with what those layers return."""
from collections import OrderedDict

from torch import nn


class IntermediateLayerGetter(nn.ModuleDict):
    def __init__(self, model, return_layers):
        names = [name for name, _ in model.named_children()]
        if not set(return_layers) <= set(names):
            raise ValueError("return_layers are not present in model")
        wanted = {str(name): str(new) for name, new in return_layers.items()}
        last = max(names.index(name) for name in wanted)
        super().__init__(OrderedDict((name, child) for name, child in list(model.named_children())[: last + 1]))
        self.return_layers = wanted

    def forward(self, x):
        found = OrderedDict()
        for name, layer in self.items():
            x = layer(x)
            if name in self.return_layers:
                found[self.return_layers[name]] = x
        return found
