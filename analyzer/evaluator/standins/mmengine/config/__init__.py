"""Configurations by attribute; files of configuration are programs that are not run."""
import copy

from addict import Dict

from kernels import unmodelled


class ConfigDict(Dict):
    def __missing__(self, name):
        raise KeyError(name)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self:
            raise AttributeError(f"'{self.__class__.__name__}' object has no attribute '{name}'")
        return self[name]


class Config:
    def __init__(self, cfg_dict=None, cfg_text=None, filename=None, env_variables=None, format_python_code=True):
        self.__dict__["_cfg_dict"] = ConfigDict(cfg_dict or {})
        self.__dict__["_filename"] = filename

    @staticmethod
    def fromfile(filename, use_predefined_variables=True, import_custom_modules=True, use_environment_variables=True,
                 lazy_import=None, format_python_code=True):
        unmodelled("mmengine.Config.fromfile")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._cfg_dict, name)

    def __getitem__(self, name):
        return self._cfg_dict[name]

    def __setattr__(self, name, value):
        self[name] = value

    def __setitem__(self, name, value):
        self._cfg_dict[name] = ConfigDict(value) if isinstance(value, dict) else value

    def __contains__(self, name):
        return name in self._cfg_dict

    def __iter__(self):
        return iter(self._cfg_dict)

    def __len__(self):
        return len(self._cfg_dict)

    def __deepcopy__(self, memo):
        return type(self)(copy.deepcopy(self._cfg_dict))

    def get(self, key, default=None):
        return self._cfg_dict.get(key, default)
