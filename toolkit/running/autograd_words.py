"""The words in a piece of code that mean autograd, and those among them that a student has given a meaning of another kind."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeGuard

from toolkit.running.statements import base_of, bound_anew

AUTOGRAD = frozenset(
    [
        "backward",
        "grad",
        "autograd",
        "retain_grad",
        "requires_grad_",
        "enable_grad",
        "set_grad_enabled",
        "functorch",
        "vjp",
        "jvp",
        "jacrev",
        "jacfwd",
        "hessian",
        "jacobian",
        "grad_and_value",
        "forward_ad",
        "register_hook",
        "_C",
        "_functorch",
    ]
)
"""Attributes and imported names that mean autograd. ``func`` counts after ``torch`` only; ``.grad`` may be stored into."""

_NO_DERIVATIVES = frozenset({"vmap", "functional_call", "stack_module_state"})
"""What of ``torch.func`` computes no derivative."""

_BY_STRING = frozenset(
    {"getattr", "exec", "eval", "attrgetter", "__import__", "import_module", "methodcaller", "compile"}
)


@dataclass(frozen=True)
class OwnWords:
    """Words of autograd's that a student has given a meaning: ``node.grad`` of a class with an attribute of this name."""

    network: frozenset[str] = frozenset()
    """Variables of the network: their words are autograd's, whatever the student's classes define."""
    defined: frozenset[str] = frozenset()
    """Attributes and methods of the student's own objects."""
    stored: frozenset[str] = frozenset()
    """Names of objects whose ``.grad`` is what the student has put there."""

    def has(self, node: ast.Attribute) -> bool:
        """Whether an attribute is one of these."""
        base = base_of(node)
        return (node.attr == "grad" and bool(base & self.stored)) or (
            node.attr in self.defined and not base & {*self.network, "torch"}
        )


def own_words(body: Iterable[ast.stmt], network: frozenset[str]) -> OwnWords:
    defined: set[str] = set()
    stored: set[str] = set()
    for part in (part for node in body for part in ast.walk(node)):
        match part:
            case ast.ClassDef(body=members):
                inside = [inner for member in members for inner in ast.walk(member)]
                defined |= {inner.name for inner in members if isinstance(inner, ast.FunctionDef)}
                defined |= {a.attr for a in inside if isinstance(a, ast.Attribute) and isinstance(a.ctx, ast.Store)}
                defined |= set().union(
                    *(bound_anew(m) for m in members if isinstance(m, ast.Assign | ast.AnnAssign)), set()
                )
            case ast.Call(func=ast.Name(id="namedtuple") | ast.Attribute(attr="namedtuple"), args=arguments):
                constants = (
                    a.value for argument in arguments for a in ast.walk(argument) if isinstance(a, ast.Constant)
                )
                defined |= set().union(*(_words(value) for value in constants if isinstance(value, str)), set())
            case ast.Call(keywords=keywords):
                defined |= {keyword.arg for keyword in keywords if keyword.arg == "grad"}
            case ast.Assign(targets=targets, value=value):
                if not (isinstance(value, ast.Constant) and value.value is None) and not any(autograd_uses(value)):
                    places = [a for target in targets for a in ast.walk(target) if isinstance(a, ast.Attribute)]
                    stored |= set().union(*(base_of(a) for a in places if a.attr == "grad"), set())
    return OwnWords(network, frozenset(defined & AUTOGRAD - {"_C", "autograd"}), frozenset(stored))


def autograd_uses(tree: ast.AST, own: OwnWords = OwnWords()) -> Iterator[str]:
    """Every word in a piece of code that means autograd.

    Args:
        own: what means something of the student's own.
    """
    switched_off = {id(node.func) for node in ast.walk(tree) if _switches_off(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is False:
            switched_off |= {id(target) for target in node.targets}
    batching = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in _NO_DERIVATIVES
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr="set_grad_enabled") if id(node) in switched_off:
                continue
            case ast.Attribute(attr="grad", ctx=ast.Store() | ast.Del()):
                continue
            case ast.Attribute() if own.has(node):
                continue
            case ast.Attribute(attr="func", value=ast.Name(id="torch")):
                if id(node) not in batching:
                    yield "torch.func"
            case ast.Attribute(attr="requires_grad", ctx=ast.Store()) if id(node) in switched_off:
                continue
            case ast.Attribute(attr="requires_grad", ctx=ast.Store()):
                yield "requires_grad"
            case ast.Attribute(attr=word) if word in AUTOGRAD:
                yield f".{word}"
            case ast.Name(id=word) if word in {"autograd", "functorch", "enable_grad", "jacrev", "jacfwd"}:
                yield word
            case ast.keyword(arg="requires_grad", value=ast.Constant(value=False)):
                continue
            case ast.keyword(arg="requires_grad"):
                yield "requires_grad"
            case ast.ImportFrom(module="torch.func", names=aliases) if {a.name for a in aliases} <= _NO_DERIVATIVES:
                continue
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                module = (getattr(node, "module", None) or "").split(".")
                for word in {*module, *(w for a in aliases for w in a.name.split("."))} & (AUTOGRAD | {"func"}):
                    yield f"import {word}"
            case ast.Call(func=ast.Name(id=word) | ast.Attribute(attr=word), args=arguments) if word in _BY_STRING:
                for constant in (
                    a.value for a in arguments if isinstance(a, ast.Constant) and isinstance(a.value, str)
                ):
                    if found := _words(constant) & AUTOGRAD:
                        yield f"{word}(... {sorted(found)[0]} ...)"


def _switches_off(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and any(isinstance(a, ast.Constant) and a.value is False for a in node.args)


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())
