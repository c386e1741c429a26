"""Registration changes nothing about the function that it registers."""


def register_model(fn):
    return fn


def generate_default_cfgs(cfgs):
    return cfgs


def register_model_deprecations(module_name, deprecation_map):
    pass
