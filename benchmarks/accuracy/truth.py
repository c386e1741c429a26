"""The truth about one model, by really importing and running it; reads a request on stdin, answers JSON.

Runs in a process of its own. It is part of the benchmark only: the product never does this.
"""

import ast
import importlib
import json
import sys


def main() -> None:
    request = json.loads(sys.stdin.read())
    sys.path[:0] = request["sys_path"]
    import torch

    module = importlib.import_module(request["module"])
    model = build(request["build"], vars(module)).eval()
    answer = {"parameters": sum(p.numel() for p in model.parameters())}
    calls: list[list[object]] = []
    paths = {id(m): path for path, m in reversed(list(model.named_modules()))}

    def before(m, args, kwargs):
        calls.append([paths.get(id(m), "?"), shapes((args, kwargs)), None])
        m.__dict__.setdefault("_open_calls", []).append(calls[-1])

    def after(m, args, kwargs, output):
        m.__dict__["_open_calls"].pop()[2] = shapes(output)

    for m in model.modules():
        m.register_forward_pre_hook(before, with_kwargs=True)
        m.register_forward_hook(after, with_kwargs=True)
    try:
        with torch.no_grad():
            model(*[tensor(shape, dtype) for shape, dtype in request["inputs"]])
        answer["calls"] = calls
    except Exception as error:
        answer["failed"] = f"{type(error).__name__}: {error}"[:200]
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


def build(text, scope):
    scope = dict(scope)
    body = ast.parse(text).body
    exec(compile(ast.Module(body[:-1], []), "<build>", "exec"), scope)
    return eval(compile(ast.Expression(body[-1].value), "<build>", "eval"), scope)


def tensor(shape, dtype):
    import torch

    kind = getattr(torch, dtype)
    return torch.rand(shape, dtype=kind) if kind.is_floating_point else torch.zeros(shape, dtype=kind)


def shapes(value, depth=0):
    import torch

    if isinstance(value, torch.Tensor):
        return [list(value.shape)]
    if depth > 4:
        return []
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [shape for item in items for shape in shapes(item, depth + 1)]


main()
