"""Stand-in for argparse of Python 3: what a program gets that is started without arguments.

An option has its default, a text as its `type` reads it; what the command line has to give has no value.
"""
from kernels import unmodelled

SUPPRESS = "==SUPPRESS=="
OPTIONAL, ZERO_OR_MORE, ONE_OR_MORE, PARSER, REMAINDER = "?", "*", "+", "A...", "..."


class ArgumentError(Exception):
    pass


class ArgumentTypeError(Exception):
    pass


class HelpFormatter:
    pass


class RawDescriptionHelpFormatter(HelpFormatter):
    pass


class RawTextHelpFormatter(RawDescriptionHelpFormatter):
    pass


class ArgumentDefaultsHelpFormatter(HelpFormatter):
    pass


class MetavarTypeHelpFormatter(HelpFormatter):
    pass


class Action:
    pass


class BooleanOptionalAction(Action):
    pass


class FileType:
    def __init__(self, mode="r", bufsize=-1, encoding=None, errors=None):
        self.mode = mode


class Namespace:
    def __init__(self, **kwargs):
        for name in kwargs:
            setattr(self, name, kwargs[name])

    def __contains__(self, key):
        return key in self.__dict__

    def __eq__(self, other):
        return isinstance(other, Namespace) and vars(self) == vars(other)


_NOTHING = object()
_IMPLIED = {"store_true": False, "store_false": True, "version": SUPPRESS, "help": SUPPRESS}


class ArgumentParser:
    def __init__(
        self, prog=None, usage=None, description=None, epilog=None, parents=[], formatter_class=HelpFormatter,
        prefix_chars="-", fromfile_prefix_chars=None, argument_default=None, conflict_handler="error", add_help=True,
        allow_abbrev=True, exit_on_error=True,
    ):
        self._prefix_chars, self._argument_default = prefix_chars, argument_default
        self._options, self._defaults = {}, {}
        for parent in parents:
            self._options.update(parent._options)
            self._defaults.update(parent._defaults)

    def add_argument(
        self, *name_or_flags, action="store", nargs=None, const=None, default=_NOTHING, type=None, choices=None,
        required=False, help=None, metavar=None, dest=None, **others
    ):
        flags = [name for name in name_or_flags if name[:1] in self._prefix_chars]
        if dest is None:
            long = [name for name in flags if name[1:2] in self._prefix_chars]
            first = (long or flags or list(name_or_flags))[0]
            dest = first.lstrip(self._prefix_chars).replace("-", "_") if flags else first
        if default is _NOTHING:
            default = _IMPLIED.get(action, self._argument_default) if isinstance(action, str) else None
            if default is None and nargs == "*" and not flags:
                default = []
        is_open = required if flags else nargs not in ("?", "*", "...")
        self._options[dest] = (default, type, is_open)
        return Action()

    def add_argument_group(self, title=None, description=None, **others):
        return self

    def add_mutually_exclusive_group(self, required=False):
        return self

    def add_subparsers(self, *, title=None, description=None, prog=None, dest=None, required=False, help=None, **others):
        if dest is not None:
            self._options[dest] = (None, None, required)
        return _Subparsers()

    def set_defaults(self, **kwargs):
        self._defaults.update(kwargs)

    def get_default(self, dest):
        return self._defaults[dest] if dest in self._defaults else self._options[dest][0]

    def print_help(self, file=None):
        pass

    def error(self, message):
        raise ArgumentError(message)

    def parse_args(self, args=None, namespace=None):
        if args:
            unmodelled("argparse: arguments that the code itself gives")
        is_open = [dest for dest in self._options if self._options[dest][2] and dest not in self._defaults]

        class Parsed(Namespace):
            def __getattr__(self, name):
                if name in is_open:
                    unmodelled(f"argparse: {name} has no default, the command line has to give it")
                raise AttributeError(name)

        found = Parsed() if namespace is None else namespace
        for dest in self._options:
            default, read, _ = self._options[dest]
            default = self._defaults.get(dest, default)
            if dest in is_open or default is SUPPRESS or hasattr(namespace, dest):
                continue
            setattr(found, dest, read(default) if isinstance(default, str) and read is not None else default)
        for dest in self._defaults:
            if dest not in self._options:
                setattr(found, dest, self._defaults[dest])
        return found

    def parse_known_args(self, args=None, namespace=None):
        return self.parse_args(args, namespace), []


class _Subparsers:
    def add_parser(self, name, *, help=None, aliases=(), **kwargs):
        return ArgumentParser(**kwargs)
