"""A file that its package imports by a star sees what the package has by then, not what later stars give."""

from analyzer.evaluator import Interpreter
from analyzer.index import open_repository

FILES = {
    "lib/__init__.py": "from .layers import *\nfrom .blocks import *\nfrom .norms import *\n",
    "lib/layers.py": "def conv():\n    return 'layers'\n",
    "lib/blocks.py": "from lib import conv\ndef block():\n    return conv()\n",
    "lib/norms.py": "def conv():\n    return 'norms'\n",
    "main.py": "from lib import block, conv\n",
}


def test_the_order_of_stars_is_that_of_python(tmp_path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    interpreter = Interpreter(open_repository(str(tmp_path)))
    assert interpreter.evaluate("main.py", "(block(), conv())") == ("layers", "norms")
