import yaml


class Loader(yaml.SafeLoader):
    pass


def include(loader, node):
    with open(loader.construct_scalar(node)) as stream:
        return yaml.load(stream, Loader)


Loader.add_constructor("!include", include)
