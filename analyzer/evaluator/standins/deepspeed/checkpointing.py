"""Activations that are computed again in the backward pass."""


def checkpoint(function, *args, **kwargs):
    return function(*args)


def configure(mpu_, deepspeed_config=None, partition_activations=None, contiguous_checkpointing=None,
              num_checkpoints=None, checkpoint_in_cpu=None, synchronize=None, profile=None):
    pass


def is_configured():
    return True
