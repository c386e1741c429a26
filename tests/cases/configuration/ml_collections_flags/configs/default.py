import ml_collections


def get_config():
    config = ml_collections.ConfigDict()
    config.width = 32
    config.learning_rate = 1e-3
    config.model = model = ml_collections.ConfigDict()
    model.depth = 3
    config.data = ml_collections.ConfigDict({"batch": 8, "workers": 2})
    return config
