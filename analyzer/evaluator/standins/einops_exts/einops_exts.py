from einops import rearrange, reduce, repeat


def check_shape(tensor, pattern, **kwargs):
    return rearrange(tensor, f"{pattern} -> {pattern}", **kwargs)


def _on_each(operation):
    def on_each(tensors, pattern, **kwargs):
        return (operation(tensor, pattern, **kwargs) for tensor in tensors)

    return on_each


rearrange_many = _on_each(rearrange)
reduce_many = _on_each(reduce)
repeat_many = _on_each(repeat)
