# ruff: noqa: E501 - one row, one line
"""Modules of Python's standard library: what of them may be used, each with an example."""

ROWS = """
math.pi math.e math.inf math.nan math.tau
math.sqrt               math.sqrt(16)
math.isqrt              math.isqrt(17)
math.exp                math.exp(0)
math.log                math.log(8, 2)
math.log2               math.log2(8)
math.log10              math.log10(100)
math.log1p              math.log1p(0)
math.expm1              math.expm1(0)
math.floor              math.floor(2.5)
math.ceil               math.ceil(2.5)
math.trunc              math.trunc(2.5)
math.fabs               math.fabs(-1)
math.pow                math.pow(2, 3)
math.prod               math.prod([2, 3])
math.fsum               math.fsum([0.5, 0.5])
math.sin                math.sin(0)
math.cos                math.cos(0)
math.tan                math.tan(0)
math.asin               math.asin(0)
math.acos               math.acos(1)
math.atan               math.atan(0)
math.atan2              math.atan2(0, 1)
math.sinh               math.sinh(0)
math.cosh               math.cosh(0)
math.tanh               math.tanh(0)
math.erf                math.erf(0)
math.gcd                math.gcd(12, 18)
math.lcm                math.lcm(4, 6)
math.comb               math.comb(5, 2)
math.perm               math.perm(5, 2)
math.factorial          math.factorial(5)
math.hypot              math.hypot(3, 4)
math.radians            math.radians(180)
math.degrees            math.degrees(0)
math.copysign           math.copysign(1, -1)
math.fmod               math.fmod(5, 3)
math.modf               math.modf(2.5)
math.frexp              math.frexp(8.0)
math.ldexp              math.ldexp(0.5, 4)
math.isclose            math.isclose(1.0, 1.0)
math.isnan              math.isnan(0.0)
math.isinf              math.isinf(0.0)
math.isfinite           math.isfinite(0.0)
functools.partial       functools.partial(int, 3)()
functools.partial.func functools.partial.args functools.partial.keywords
functools.reduce        functools.reduce(lambda a, b: a + b, [1, 2, 3])
functools.wraps         functools.wraps(len)
functools.lru_cache     functools.lru_cache(maxsize=None)(lambda: 1)()
functools.cache         functools.cache(lambda: 1)()
functools.cached_property functools.cached_property(len)
functools.total_ordering functools.singledispatch functools.update_wrapper functools.partialmethod
itertools.chain         list(itertools.chain([1], [2]))
itertools.chain.from_iterable list(itertools.chain.from_iterable([[1], [2]]))
itertools.repeat        list(itertools.repeat(1, 2))
itertools.count         next(itertools.count(3))
itertools.cycle         next(itertools.cycle([1]))
itertools.product       list(itertools.product([1, 2], [3]))
itertools.permutations  list(itertools.permutations([1, 2]))
itertools.combinations  list(itertools.combinations([1, 2, 3], 2))
itertools.accumulate    list(itertools.accumulate([1, 2, 3]))
itertools.islice        list(itertools.islice([1, 2, 3], 2))
itertools.zip_longest   list(itertools.zip_longest([1], [2, 3]))
itertools.starmap       list(itertools.starmap(pow, [(2, 3)]))
itertools.takewhile     list(itertools.takewhile(bool, [1, 0]))
itertools.dropwhile     list(itertools.dropwhile(bool, [1, 0]))
itertools.groupby       [key for key, _ in itertools.groupby([1, 1, 2])]
itertools.pairwise      list(itertools.pairwise([1, 2, 3]))
itertools.tee           len(itertools.tee([1], 2))
collections.OrderedDict collections.OrderedDict([("a", 1)])
collections.OrderedDict.move_to_end collections.OrderedDict.popitem collections.OrderedDict.keys collections.OrderedDict.items
collections.OrderedDict.values collections.OrderedDict.update collections.OrderedDict.pop collections.OrderedDict.setdefault
collections.OrderedDict.__init__ collections.OrderedDict.__getitem__ collections.OrderedDict.__setitem__ collections.OrderedDict.clear
collections.OrderedDict.copy collections.OrderedDict.__delitem__
collections.defaultdict collections.defaultdict(list)["a"]
collections.defaultdict.default_factory collections.defaultdict.copy
collections.deque       list(collections.deque([1, 2], maxlen=1))
collections.deque.append collections.deque.appendleft collections.deque.pop collections.deque.popleft collections.deque.extend
collections.deque.clear collections.deque.maxlen
collections.Counter     collections.Counter("aab")["a"]
collections.Counter.most_common collections.Counter.update collections.Counter.elements
collections.namedtuple  collections.namedtuple("P", "a b")(1, 2).a
collections.abc.Iterable collections.abc.Sequence collections.abc.Mapping collections.abc.Callable collections.abc.Iterator
collections.abc.MutableMapping collections.abc.Generator collections.abc.Hashable collections.abc.Sized collections.abc.MutableSequence
collections.abc.Set collections.abc.Container collections.abc.Collection collections.abc.Mapping.get collections.abc.Mapping.items
collections.abc.Mapping.keys collections.abc.Mapping.values collections.abc.MutableMapping.update collections.abc.MutableMapping.pop
collections.abc.MutableMapping.setdefault collections.abc.Iterable.__init__ collections.abc.Mapping.__contains__
operator.add            operator.add(1, 2)
operator.mul            operator.mul(2, 3)
operator.sub            operator.sub(3, 2)
operator.truediv        operator.truediv(4, 2)
operator.floordiv       operator.floordiv(5, 2)
operator.eq             operator.eq(1, 1)
operator.lt             operator.lt(1, 2)
operator.gt             operator.gt(2, 1)
operator.le             operator.le(1, 1)
operator.ge             operator.ge(1, 1)
operator.neg            operator.neg(1)
operator.itemgetter     operator.itemgetter(0)([1])
operator.attrgetter     operator.attrgetter("real")(1)
copy.copy               copy.copy([1])
glob.glob
ast.literal_eval        ast.literal_eval("[1, 2]")
copy.deepcopy           copy.deepcopy([1])
contextlib.contextmanager contextlib.nullcontext contextlib.suppress contextlib.suppress.__enter__ contextlib.suppress.__exit__
contextlib.ExitStack    contextlib.ExitStack().enter_context(contextlib.nullcontext(1))
threading.Lock          threading.Lock().acquire() and None
threading.RLock         threading.RLock().acquire() and None
contextvars.ContextVar  contextvars.ContextVar("depth", default=0).get()
enum.Enum enum.IntEnum enum.StrEnum enum.Flag enum.IntFlag enum.auto enum.unique
enum.Enum.name enum.Enum.value enum.Enum.__new__ enum.Enum.__init__ enum.EnumMeta.__members__ enum.EnumType.__members__
enum.property enum.Enum._value_ enum.Enum._name_ enum.Enum._missing_
abc.ABC abc.ABCMeta abc.abstractmethod abc.abstractproperty
dataclasses.dataclass dataclasses.field dataclasses.fields dataclasses.asdict dataclasses.astuple dataclasses.replace
dataclasses.is_dataclass dataclasses.MISSING dataclasses.InitVar dataclasses.KW_ONLY
types.SimpleNamespace   types.SimpleNamespace(a=1).a
types.MethodType types.FunctionType types.ModuleType types.LambdaType types.GeneratorType types.NoneType types.MappingProxyType
types.MappingProxyType.items types.MappingProxyType.keys types.MappingProxyType.values types.MappingProxyType.get
numbers.Number numbers.Integral numbers.Real
warnings.warn warnings.filterwarnings warnings.simplefilter warnings.catch_warnings
inspect.signature       list(inspect.signature(lambda a: a).parameters)
inspect.Signature.parameters inspect.Parameter.empty inspect.Parameter.default inspect.Parameter.kind inspect.Parameter.name
inspect.Parameter inspect.Parameter.VAR_KEYWORD inspect.Parameter.VAR_POSITIONAL inspect.isfunction inspect.isclass
inspect.get_annotations sys.stderr sys.stdout logging.StreamHandler logging.Formatter
inspect.getfullargspec inspect.Signature.bind inspect.Signature.bind_partial inspect.BoundArguments.arguments
inspect.BoundArguments.apply_defaults inspect.BoundArguments.args inspect.BoundArguments.kwargs
inspect.isgenerator inspect.ismethod inspect.Parameter.KEYWORD_ONLY inspect.Parameter.POSITIONAL_OR_KEYWORD
random.random random.randint random.seed random.choice random.uniform random.shuffle random.sample
time.time time.perf_counter time.sleep time.monotonic
string.ascii_letters string.ascii_lowercase string.digits string.punctuation string.ascii_uppercase
fractions.Fraction      fractions.Fraction(1, 2)
logging.getLogger logging.info logging.warning logging.debug logging.error logging.basicConfig logging.INFO logging.DEBUG
logging.WARNING logging.ERROR
os.environ os.getenv os.cpu_count os.sep os.path.join os.path.basename os.path.dirname os.path.splitext os.path.exists
os.path.abspath os.path.isfile os.path.isdir os.path.normpath os.path.realpath os.path.expanduser
os.name os.getpid
sys.version_info sys.platform sys.maxsize sys.argv sys.path sys.version sys.modules sys.float_info
platform.system
copyreg.nothing pkgutil.get_data
tempfile.TemporaryDirectory tempfile.NamedTemporaryFile tempfile.mkdtemp shutil.copyfile shutil.copy shutil.copy2
textwrap.dedent
json.dumps json.loads json.load
re.compile re.match re.search re.sub re.findall re.fullmatch re.split re.escape re.IGNORECASE
re.Pattern.match re.Pattern.search re.Pattern.sub re.Pattern.findall re.Pattern.fullmatch re.Pattern.split re.Pattern.pattern
re.Match.group re.Match.groups re.Match.start re.Match.end re.Match.span re.Match.groupdict
pathlib.Path pathlib.Path.name pathlib.Path.stem pathlib.Path.suffix pathlib.Path.parent pathlib.Path.parents pathlib.Path.parts pathlib.Path.joinpath
pathlib.Path.open pathlib.Path.read_text pathlib.Path.resolve pathlib.Path.absolute pathlib.Path.exists pathlib.Path.is_file pathlib.Path.is_dir
io.open codecs.open
"""
