# ruff: noqa: E501 - one row, one line
"""Mathematics of torch that models use rarely: decompositions, special functions, transforms, bits, copies of views."""

from __future__ import annotations

SPECIAL = """
airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 digamma entr erf erfc erfcx erfinv exp2 expit expm1 gammaln i0 i0e i1 i1e
log1p log_ndtr logit modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 ndtr ndtri psi round
scaled_modified_bessel_k0 scaled_modified_bessel_k1 sinc spherical_bessel_j0
"""
PAIRS = "gammainc gammaincc xlog1py xlogy zeta"
ALONG = "log_softmax logsumexp softmax"
ROWS_BELOW = """
torch.linalg.solve_triangular   torch.linalg.solve_triangular(torch.eye(3), m, upper=False)
torch.linalg.cholesky_ex        torch.linalg.cholesky_ex(torch.eye(3)).L
torch.linalg.inv_ex             torch.linalg.inv_ex(torch.eye(3)).inverse
torch.linalg.solve_ex           torch.linalg.solve_ex(torch.eye(3), m).result
torch.linalg.eig                torch.linalg.eig(torch.eye(3)).eigenvalues
torch.linalg.eigvals            torch.linalg.eigvals(torch.eye(3))
torch.linalg.eigvalsh           torch.linalg.eigvalsh(torch.eye(3))
torch.linalg.svdvals            torch.linalg.svdvals(m)
torch.linalg.lu                 torch.linalg.lu(torch.eye(3)).L
torch.linalg.lu_factor          torch.linalg.lu_factor(torch.eye(3)).LU
torch.linalg.lstsq              torch.linalg.lstsq(torch.eye(3), m).solution
torch.linalg.matrix_exp         torch.linalg.matrix_exp(m)
torch.linalg.matrix_power       torch.linalg.matrix_power(m, 2)
torch.linalg.multi_dot          torch.linalg.multi_dot([x, m])
torch.linalg.slogdet            torch.linalg.slogdet(torch.eye(3)).logabsdet
torch.linalg.diagonal           torch.linalg.diagonal(m)
torch.linalg.vecdot             torch.linalg.vecdot(x, x)
torch.linalg.vander             torch.linalg.vander(torch.ones(3))
torch.linalg.cond               torch.linalg.cond(torch.eye(3))
torch.fft.hfft                  torch.fft.hfft(torch.fft.rfft(x))
torch.fft.ihfft                 torch.fft.ihfft(x)
torch.addbmm                    torch.addbmm(m, m[None], m[None])
torch.addr                      torch.addr(m, m[0], m[1])
torch.argwhere                  torch.argwhere(torch.eye(2))
torch.bilinear                  torch.bilinear(x, x, torch.ones(4, 3, 3), torch.ones(4))
torch.bitwise_left_shift        torch.bitwise_left_shift(i, 1)
torch.bitwise_right_shift       torch.bitwise_right_shift(i, 1)
torch.bitwise_xor               torch.bitwise_xor(i, i)
torch.cholesky_solve            torch.cholesky_solve(m, torch.eye(3))
torch.cholesky_inverse          torch.cholesky_inverse(torch.eye(3))
torch.constant_pad_nd           torch.constant_pad_nd(x, [1, 1])
torch.conv_tbc                  torch.conv_tbc(x[None], torch.ones(1, 3, 4), torch.ones(4))
torch.corrcoef                  torch.corrcoef(x)
torch.cosine_embedding_loss     torch.cosine_embedding_loss(x, x, torch.ones(2))
torch.diagonal_scatter          torch.diagonal_scatter(m, torch.ones(3))
torch.dsplit                    len(torch.dsplit(torch.ones(2, 2, 4), 2))
torch.frexp                     torch.frexp(x).mantissa
torch.gcd                       torch.gcd(i, i)
torch.lcm                       torch.lcm(i, i)
torch.hardshrink                torch.hardshrink(x)
torch.i0                        torch.i0(x)
torch.index_put                 torch.index_put(x, (torch.tensor([0]),), torch.ones(3))
torch.index_reduce              torch.index_reduce(x, 0, torch.tensor([0]), torch.ones(1, 3), "amax")
torch.is_signed                 torch.is_signed(x)
torch.is_same_size              torch.is_same_size(x, x)
torch.logdet                    torch.logdet(torch.eye(3))
torch.slogdet                   torch.slogdet(torch.eye(3)).logabsdet
torch.masked_scatter            torch.masked_scatter(x, x > 2, x)
torch.margin_ranking_loss       torch.margin_ranking_loss(x, x, torch.ones(2, 3))
torch.triplet_margin_loss       torch.triplet_margin_loss(x, x, x)
torch.hinge_embedding_loss      torch.hinge_embedding_loss(x, torch.ones(2, 3))
torch.kl_div                    torch.kl_div(x, x)
torch.mvlgamma                  torch.mvlgamma(x + 9, 2)
torch.nanmedian                 torch.nanmedian(x)
torch.nanquantile               torch.nanquantile(x, 0.5)
torch.nextafter                 torch.nextafter(x, x)
torch.norm_except_dim           torch.norm_except_dim(x, 2, 0)
torch.nuclear_norm              torch.nuclear_norm(m)
torch.pdist                     torch.pdist(x)
torch.polygamma                 torch.polygamma(1, x + 1)
torch.rsub                      torch.rsub(x, 1)
torch.select_scatter            torch.select_scatter(x, torch.ones(3), 0, 0)
torch.split_with_sizes          len(torch.split_with_sizes(x, [1, 2], 1))
torch.unsafe_chunk              len(torch.unsafe_chunk(x, 3, 1))
torch.unsafe_split              len(torch.unsafe_split(x, 1, 1))
torch.threshold                 torch.threshold(x, 1.0, 0.0)
torch.kaiser_window             torch.kaiser_window(8)
torch.legacy_contiguous_format torch.uint16 torch.uint32 torch.uint64 torch.float8_e8m0fnu
torch.nn.functional.lp_pool3d   torch.nn.functional.lp_pool3d(torch.ones(1, 1, 4, 4, 4), 2.0, 2)
"""
METHODS = """
absolute_ acos acos_ acosh acosh_ addbmm_ addcdiv addmv_ addr addr_ aminmax arccos arccosh arcsin arcsinh arctan arctan2 arctanh
asin asin_ asinh asinh_ atan atan2_ atan_ atanh atanh_ baddbmm_ bitwise_and_ bitwise_left_shift bitwise_left_shift_
bitwise_not_ bitwise_or_ bitwise_right_shift bitwise_right_shift_ bitwise_xor bitwise_xor_ cdouble cfloat chalf char
cholesky_inverse cholesky_solve conj_physical copysign copysign_ cos_ cosh_ cummin deg2rad_ diagflat diagonal_scatter
digamma digamma_ divide_ dsplit eq_ erfc erfc_ fix fix_ flipud floor_divide_ fmax fmin frac_ frexp gcd gcd_ ge_ ger greater
greater_equal gt_ hardshrink hsplit hypot_ i0 i0_ igamma igammac index_reduce index_reduce_ is_conj is_neg isneginf isposinf
isreal istft kron lcm le_ less less_equal lgamma lgamma_ log10_ log2_ logaddexp logaddexp2 logdet logical_and_ logical_not_
logical_or_ logical_xor_ logit_ lt_ matrix_exp matrix_power multiply_ mvlgamma nan_to_num_ nanquantile narrow_copy ne_ negative
negative_ nextafter not_equal pinverse polygamma prelu put put_ rad2deg rad2deg_ remainder_ renorm_ resolve_conj resolve_neg
sgn_ sign_ signbit sinc_ sinh_ slogdet stft subtract subtract_ svd swapdims_ tan_ true_divide_ unsafe_split vsplit xlogy_
"""


def _rows() -> list[str]:
    found = ROWS_BELOW.strip().splitlines()
    found += [f"torch.special.{name}  torch.special.{name}(x)" for name in SPECIAL.split()]
    found += [f"torch.special.{name}  torch.special.{name}(x + 1, x + 2)" for name in PAIRS.split()]
    found += [f"torch.special.{name}  torch.special.{name}(x, 1)" for name in ALONG.split()]
    return [*found, *(f"torch.Tensor.{name}" for name in METHODS.split())]


ROWS = "\n".join(_rows())
