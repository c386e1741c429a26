"""Stand-in for accelerate 1.x: one process on one device; what it prepares is handed back as it is."""
from contextlib import nullcontext as _nullcontext


class Accelerator:
    is_main_process = is_local_main_process = True
    num_processes = 1
    process_index = local_process_index = 0

    def __init__(self, *args, **kwargs):
        pass

    def prepare(self, *args, device_placement=None):
        return args[0] if len(args) == 1 else args

    def prepare_model(self, model, device_placement=None, evaluation_mode=False):
        return model

    def unwrap_model(self, model, keep_fp32_wrapper=True, keep_torch_compile=True):
        return model

    def autocast(self, autocast_handler=None):
        return _nullcontext()

    def print(self, *args, **kwargs):
        pass

    def wait_for_everyone(self):
        pass


def init_empty_weights(include_buffers=None):
    return _nullcontext()
