"""The group of one device."""


def initialize_model_parallel(model_parallel_size_, pipeline_length=1, *, model_parallel_backend=None,
                              pipeline_backend=None, ddp_backend=None):
    pass


def model_parallel_is_initialized():
    return True


def get_model_parallel_world_size():
    return 1


def get_model_parallel_rank():
    return 0


def get_data_parallel_world_size():
    return 1


def get_data_parallel_rank():
    return 0


def get_model_parallel_src_rank():
    return 0
