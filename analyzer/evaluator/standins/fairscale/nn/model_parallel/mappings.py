"""With one device every exchange gives back what it gets."""


def copy_to_model_parallel_region(input_):
    return input_


def reduce_from_model_parallel_region(input_):
    return input_


def scatter_to_model_parallel_region(input_):
    return input_


def gather_from_model_parallel_region(input_):
    return input_
