# ruff: noqa: E501 - one row, one line
"""Builtin types and exceptions of Python with the methods that may be used on their values."""

TYPES = {
    "object": "__init__ __new__ __setattr__ __repr__ __str__ __eq__ __hash__ __class__ __init_subclass__ __ne__ __delattr__ __getattribute__",
    "type": "__call__ __name__ __qualname__ __module__ __doc__ __mro__ mro __new__ __init__",
    "int": "bit_length numerator denominator real imag conjugate bit_count __new__",
    "float": "is_integer hex as_integer_ratio real imag conjugate __new__",
    "complex": "real imag conjugate",
    "bool": "",
    "str": "capitalize casefold count encode endswith find format format_map index isalnum isalpha isascii isdecimal isdigit "
    "isidentifier islower isnumeric isspace istitle isupper join lower lstrip maketrans partition removeprefix removesuffix "
    "rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper replace "
    "ljust rjust center zfill __new__ __len__ __contains__ __getitem__",
    "bytes": "decode count endswith find hex index join split startswith strip fromhex",
    "bytearray": "append decode extend",
    "list": "append clear copy count extend index insert pop remove reverse sort __init__ __len__ __getitem__ __setitem__ "
    "__iter__ __contains__ __add__",
    "tuple": "count index __new__ __len__ __getitem__ __iter__",
    "dict": "clear copy fromkeys get items keys pop popitem setdefault update values __init__ __len__ __getitem__ __setitem__ "
    "__delitem__ __iter__ __contains__ __new__ __repr__",
    "set": "add clear copy difference difference_update discard intersection intersection_update isdisjoint issubset "
    "issuperset pop remove symmetric_difference union update",
    "frozenset": "copy difference intersection isdisjoint issubset issuperset union",
    "range": "start stop step count index",
    "slice": "start stop step indices",
    "property": "fget fset fdel getter setter deleter __get__ __set__ __delete__ __init__",
    "classmethod": "__func__ __get__",
    "staticmethod": "__func__ __get__",
    "generator": "send close throw __next__ __iter__",
    "enumerate": "", "zip": "", "map": "", "filter": "", "reversed": "", "memoryview": "",
    "BaseException": "args with_traceback add_note __init__ __str__ __cause__ __context__",
    "AttributeError": "name obj", "ImportError": "name path msg", "KeyError": "", "StopIteration": "value",
    "function": "__name__ __doc__ __qualname__ __module__ __get__",
    "method": "__func__ __self__ __name__",
    "builtin_function_or_method": "__name__ __doc__",
    "dict_keys": "isdisjoint", "dict_values": "", "dict_items": "isdisjoint",
}  # fmt: skip
EXCEPTIONS = """
Exception ArithmeticError AssertionError EOFError FileExistsError FileNotFoundError FloatingPointError
IndexError IOError LookupError ModuleNotFoundError NameError NotImplementedError OSError OverflowError PermissionError
RecursionError ReferenceError RuntimeError StopAsyncIteration SyntaxError TimeoutError TypeError UnboundLocalError
UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError ZeroDivisionError Warning UserWarning DeprecationWarning
FutureWarning RuntimeWarning ConnectionError KeyboardInterrupt SystemExit GeneratorExit PendingDeprecationWarning
"""
FUNCTIONS = """
abs all any ascii bin callable chr delattr divmod format getattr hasattr hash hex id isinstance issubclass iter len max
min next oct open ord pow print repr round setattr sorted sum NotImplemented Ellipsis __debug__
"""


def _rows() -> list[str]:
    rows = [*EXCEPTIONS.split(), *FUNCTIONS.split()]
    for name, methods in TYPES.items():
        rows += [name, *(f"{name}.{method}" for method in methods.split())]
    return rows


ROWS = "\n".join(_rows())
BUILTINS = frozenset(row for row in _rows() if "." not in row and row not in ("function", "method", "generator"))
