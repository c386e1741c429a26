# ruff: noqa: E501 - one row, one line
"""Methods and attributes of tensors. `x` is float32[2, 3], `i` is int64[2, 3], `m` float32[3, 3]."""

METHODS = """
abs abs_ absolute add add_ addcdiv_ addcmul addcmul_ addmm addmm_ all allclose amax amin angle any argmax argmin argsort
atan2 baddbmm bernoulli bernoulli_ bfloat16 bitwise_and bitwise_not bitwise_or bmm bool broadcast_to byte cauchy_ ceil
chunk clamp clamp_ clamp_max clamp_max_ clamp_min clamp_min_ clip clip_ clone conj contiguous copy_ cos cosh count_nonzero
cpu cross cuda cummax cumprod cumsum cumsum_ data data_ptr det detach detach_ device diag diag_embed diagonal diff dim dist
div div_ divide dot double dtype element_size eq equal erf erf_ erfinv erfinv_ exp exp_ exp2 expand expand_as expm1
exponential_ fill_ fill_diagonal_ flatten flip fliplr float floor floor_ floor_divide fmod frac gather ge get_device grad gt
half histc imag index_add index_add_ index_copy index_copy_ index_fill index_fill_ index_put index_put_ index_select
inner int inverse is_complex is_contiguous is_cuda is_floating_point is_leaf is_meta is_nested is_signed is_sparse
isclose isfinite isinf isnan item itemsize kthvalue layout le lerp lerp_ log log10 log1p log2 log_ log_softmax logical_and
logical_not logical_or logical_xor logit logsumexp long lt mT masked_fill masked_fill_ masked_scatter masked_scatter_ masked_select
matmul max maximum mean median min minimum mm mode moveaxis movedim mul mul_ multinomial multiply mv names nan_to_num
nanmean nansum narrow nbytes ndim ndimension ne neg neg_ nelement new_empty new_full new_ones new_tensor new_zeros
nonzero norm normal_ numel numpy outer permute pin_memory pow pow_ prod quantile random_ ravel real reciprocal register_hook
relu relu_ remainder renorm repeat repeat_interleave requires_grad requires_grad_ reshape reshape_as resize_ retain_grad
roll rot90 round rsqrt scatter scatter_ scatter_add scatter_add_ scatter_reduce scatter_reduce_ select select_scatter
set_ shape short sigmoid sigmoid_ sign sin sin_ sinh size slice_scatter softmax sort split split_with_sizes sqrt sqrt_ square
squeeze squeeze_ std storage_offset stride sub sub_ sum swapaxes swapdims T t t_ take take_along_dim tan tanh tanh_ tensor_split
as_strided tile to tolist topk trace transpose transpose_ tril tril_ triu triu_ true_divide trunc type type_as unbind unflatten unfold
uniform_ unique unique_consecutive unsqueeze unsqueeze_ untyped_storage var view view_as where zero_ H mH is_quantized is_inference
bincount cosine_similarity grad_fn backward apply_ log_normal_ geometric_ is_set_to sinc deg2rad logcumsumexp heaviside hypot
fmod_ round_ ceil_ trunc_ exp2_ reciprocal_ rsqrt_ square_ sgn nanmedian vdot addbmm addmv sum_to_size unsafe_chunk is_same_size
isin corrcoef cov float_power ldexp xlogy positive msort argwhere to_sparse coalesce to_dense tensordot swapaxes_ cumprod_ expm1_ log1p_ adjoint
"""
ROWS = "\n".join(f"torch.Tensor.{name}" for name in METHODS.split())
