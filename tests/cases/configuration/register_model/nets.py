from torch import nn

_MODELS = {}


def register_model(fn):
    _MODELS[fn.__name__] = fn
    return fn


def create_model(name, **kwargs):
    return _MODELS[name](**kwargs)


class Net(nn.Module):
    def __init__(self, width=8, depth=2, classes=10):
        super().__init__()
        self.layers = nn.Sequential(*[nn.Linear(width, width) for _ in range(depth)], nn.Linear(width, classes))

    def forward(self, x):
        return self.layers(x)


def _create(variant, pretrained=False, **kwargs):
    return Net(**kwargs)


@register_model
def net_tiny(pretrained=False, **kwargs):
    model_args = dict(width=16, depth=1)
    return _create("net_tiny", pretrained=pretrained, **dict(model_args, **kwargs))


@register_model
def net_wide(pretrained=False, **kwargs):
    model_kwargs = dict(width=64, depth=4, **kwargs)
    model = _create("net_wide", pretrained=pretrained, **model_kwargs)
    return model


@register_model
def net_plain(pretrained=False, **kwargs):
    return Net(width=24, **kwargs)
