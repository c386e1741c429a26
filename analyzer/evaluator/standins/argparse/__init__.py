"""Stand-in for argparse of Python 3: what a program gets from its command line, which is empty unless it is told.

An option that is not given has its default, a text as its `type` reads it; what the command line has to give and
does not has no value.
"""
import re
import sys

from kernels import not_given, unmodelled

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
        self._flags, self._positionals, self._subparsers, self._abbreviated = {}, [], None, allow_abbrev
        for parent in parents:
            self._options.update(parent._options)
            self._defaults.update(parent._defaults)
            self._flags.update(parent._flags)
            self._positionals += parent._positionals

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
        given = _Given(dest, action, nargs, const, type)
        if flags:
            for flag in flags:
                self._flags[flag] = given
                if action is BooleanOptionalAction and flag.startswith("--"):
                    self._flags["--no-" + flag[2:]] = given
        else:
            self._positionals.append(given)
        return Action()

    def add_argument_group(self, title=None, description=None, **others):
        return self

    def add_mutually_exclusive_group(self, required=False):
        return self

    def add_subparsers(self, *, title=None, description=None, prog=None, dest=None, required=False, help=None, **others):
        if dest is not None:
            self._options[dest] = (None, None, required)
        self._subparsers = _Subparsers(dest)
        return self._subparsers

    def set_defaults(self, **kwargs):
        self._defaults.update(kwargs)

    def get_default(self, dest):
        return self._defaults[dest] if dest in self._defaults else self._options[dest][0]

    def print_help(self, file=None):
        pass

    def error(self, message):
        raise ArgumentError(message)

    def parse_args(self, args=None, namespace=None):
        found, rest = self.parse_known_args(args, namespace)
        if rest:
            unmodelled(f"argparse: arguments that the code itself gives, or a command: {rest[0]} is no option")
        return found

    def parse_known_args(self, args=None, namespace=None):
        reader = _Reader(self)
        rest = reader.read(list(sys.argv[1:] if args is None else args))
        is_open = [
            dest
            for dest in self._options
            if self._options[dest][2] and dest not in self._defaults and dest not in reader.values
        ]

        class Parsed(Namespace):
            def __getattr__(self, name):
                if name in is_open:
                    not_given(name)
                raise AttributeError(name)

        found = Parsed() if namespace is None else namespace
        for dest in self._options:
            default, read, _ = self._options[dest]
            default = self._defaults.get(dest, default)
            if dest in reader.values:
                setattr(found, dest, reader.values[dest])
                continue
            if dest in is_open or default is SUPPRESS or hasattr(namespace, dest):
                continue
            setattr(found, dest, read(default) if isinstance(default, str) and read is not None else default)
        for dest in self._defaults:
            if dest not in self._options:
                setattr(found, dest, self._defaults[dest])
        if reader.chosen is not None:
            found, rest = reader.chosen.parse_known_args(rest, found)
        return found, rest


class _Given:
    """What a parser does with an option that it is given."""

    def __init__(self, dest, action, nargs, const, type):
        self.dest, self.action, self.nargs, self.const, self.type = dest, action, nargs, const, type

    def one(self, text):
        return text if self.type is None else self.type(text)


_NUMBER = re.compile(r"-\d+$|-\d*\.\d+$")


class _Reader:
    """Reads one command line for one parser, as argparse does."""

    def __init__(self, parser):
        self.parser, self.values, self.chosen = parser, {}, None

    def read(self, words):
        """The words that the parser does not know."""
        unknown, positional = [], []
        while words:
            word = words.pop(0)
            if word == "--":
                positional += words
                break
            if not self.is_option(word):
                if self.parser._subparsers is not None and len(positional) >= len(self.parser._positionals):
                    self.choose(word)
                    unknown += words
                    break
                positional.append(word)
                continue
            flag, given, text = self.find(word)
            if given is None:
                unknown.append(word)
            else:
                self.apply(flag, given, text, words)
        return self.place(positional) + unknown

    def is_option(self, word):
        if not word or word[0] not in self.parser._prefix_chars or len(word) == 1:
            return False
        if word in self.parser._flags:
            return True
        return " " not in word and _NUMBER.match(word) is None

    def find(self, word):
        flags = self.parser._flags
        if word in flags:
            return word, flags[word], None
        name, equals, text = word.partition("=")
        if equals and name in flags:
            return name, flags[name], text
        if word.startswith("--"):
            fitting = [flag for flag in flags if flag.startswith(name)] if self.parser._abbreviated else []
            if len(fitting) > 1:
                unmodelled(f"argparse: {word} is short for several options")
            return (fitting[0], flags[fitting[0]], text if equals else None) if fitting else (word, None, None)
        if word[:2] in flags:
            return word[:2], flags[word[:2]], word[2:]
        return word, None, None

    def apply(self, flag, given, text, words):
        values, action, dest = self.values, given.action, given.dest
        if action is BooleanOptionalAction:
            values[dest] = not flag.startswith("--no-")
        elif action in ("store_true", "store_false"):
            values[dest] = action == "store_true"
        elif action == "store_const":
            values[dest] = given.const
        elif action == "count":
            values[dest] = self.before(dest, 0) + 1
        elif action == "append_const":
            values[dest] = [*self.before(dest, []), given.const]
        elif action == "append":
            values[dest] = [*self.before(dest, []), self.taken(given, text, words)]
        elif action == "extend":
            values[dest] = [*self.before(dest, []), *self.taken(given, text, words)]
        elif action == "store":
            values[dest] = self.taken(given, text, words)
        else:
            unmodelled(f"argparse: the action of {flag}")

    def before(self, dest, empty):
        default = self.parser._defaults.get(dest, self.parser._options[dest][0])
        found = self.values.get(dest, default)
        return empty if found is None else found

    def taken(self, given, text, words):
        count = given.nargs
        if text is not None:
            return given.one(text) if count in (None, OPTIONAL) else [given.one(text)]
        following = 0
        while following < len(words) and words[following] != "--" and not self.is_option(words[following]):
            following += 1
        wanted = 1 if count in (None, OPTIONAL) else count if isinstance(count, int) else following
        found = [given.one(words.pop(0)) for _ in range(min(wanted, following))]
        if (isinstance(count, int) and len(found) < count) or (count in (None, ONE_OR_MORE) and not found):
            unmodelled(f"argparse: {given.dest} is given without a value")
        if count is None:
            return found[0]
        return (found[0] if found else given.const) if count == OPTIONAL else found

    def place(self, words):
        """Positional arguments take what stands there, from left to right; what is left over."""
        wanted = self.parser._positionals
        for at in range(len(wanted)):
            given, later = wanted[at], sum(1 for other in wanted[at + 1 :] if other.nargs is None)
            room = max(len(words) - later, 0)
            count = given.nargs
            number = min(room, 1 if count in (None, OPTIONAL) else count if isinstance(count, int) else room)
            if number == 0:
                continue
            taken, words = [given.one(word) for word in words[:number]], words[number:]
            self.values[given.dest] = taken[0] if count in (None, OPTIONAL) else taken
        return words

    def choose(self, name):
        subparsers = self.parser._subparsers
        if name not in subparsers.parsers:
            unmodelled(f"argparse: {name} is no command of the program")
        self.chosen = subparsers.parsers[name]
        if subparsers.dest is not None:
            self.values[subparsers.dest] = name


class _Subparsers:
    def __init__(self, dest):
        self.dest, self.parsers = dest, {}

    def add_parser(self, name, *, help=None, aliases=(), **kwargs):
        made = ArgumentParser(**kwargs)
        for known in (name, *aliases):
            self.parsers[known] = made
        return made
