# ruff: noqa: E501 - one row, one line
"""einops, numpy and packaging: what of the other libraries at hand may be used."""

NUMPY = """
ndarray array asarray zeros ones full empty arange linspace logspace eye identity zeros_like ones_like full_like meshgrid
stack concatenate hstack vstack dstack split reshape transpose expand_dims squeeze ravel repeat tile flip roll
sin cos tan arcsin arccos arctan arctan2 tanh exp log log2 log10 log1p sqrt square power abs absolute sign floor ceil round around rint
clip minimum maximum min max amin amax sum prod mean std var cumsum cumprod argmin argmax argsort sort dot matmul outer einsum
where nonzero unique all any isnan isinf isfinite isclose allclose array_equal logical_and logical_or logical_not
float32 float64 float16 int32 int64 int16 int8 uint8 bool_ complex64 complex128 integer floating number generic dtype
pi e inf nan newaxis mod remainder divide multiply add subtract triu tril diag ndindex ix_ indices degrees radians
broadcast_to atleast_1d atleast_2d append insert delete gcd lcm ceil polyfit interp searchsorted digitize bincount histogram
unravel_index __version__ linalg.norm linalg.inv linalg.pinv linalg.qr linalg.svd linalg.eigh fft.fft fft.rfft fft.fftfreq random.seed hanning hamming copy
"""
ARRAY = """
shape ndim size dtype T real imag astype reshape transpose flatten ravel copy tolist item min max sum mean std var prod
cumsum argmin argmax argsort sort squeeze repeat clip round dot any all fill swapaxes view nbytes itemsize flat nonzero
take conj diagonal trace __len__ __getitem__
"""
VERSION = "release major minor micro base_version public local is_prerelease is_devrelease is_postrelease __lt__ __eq__"
DRAWING = "choice random normal uniform permutation shuffle standard_normal"
ROWS = "\n".join(
    [
        *(f"numpy.random.Generator.{name}" for name in f"{DRAWING} integers".split()),
        *(f"numpy.random.RandomState.{name}" for name in f"{DRAWING} randint rand randn random_sample".split()),
        "numpy.random.default_rng numpy.random.RandomState",
        *(f"numpy.{name}" for name in NUMPY.split()),
        *(f"numpy.ndarray.{name}" for name in ARRAY.split()),
        *(f"numpy.generic.{name}" for name in ARRAY.split()),
        "numpy.dtype.name numpy.dtype.itemsize numpy.dtype.kind",
        'einops.rearrange  einops.rearrange(x, "a b -> b a")',
        'einops.repeat  einops.repeat(x, "a b -> a b c", c=2)',
        'einops.reduce  einops.reduce(x, "a b -> a", "mean")',
        'einops.einsum  einops.einsum(x, m, "a b, b c -> a c")',
        'einops.pack  einops.pack([x], "a *")',
        'einops.unpack  einops.unpack(x, [(3,)], "a *")',
        'einops.parse_shape  einops.parse_shape(x, "a b")',
        "einops.asnumpy  einops.asnumpy(x)",
        'einops.layers.torch.Rearrange  einops.layers.torch.Rearrange("a b -> b a")(x)',
        'einops.layers.torch.Reduce  einops.layers.torch.Reduce("a b -> a", "mean")(x)',
        'einops.layers.torch.EinMix  einops.layers.torch.EinMix("a b -> a c", weight_shape="b c", b=3, c=4)',
        "einops.layers.torch.Rearrange.forward einops.layers.torch.Reduce.forward",
        "einops.EinopsError",
        'packaging.version.parse  packaging.version.parse("2.1.0+cu118").release',
        'packaging.version.Version  packaging.version.Version("2.1") < packaging.version.Version("2.10")',
        "packaging.version.InvalidVersion",
        *(f"packaging.version.Version.{name}" for name in VERSION.split()),
    ]
)
