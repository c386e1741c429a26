from .core import DropPath, drop_path
