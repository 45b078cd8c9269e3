"""Python's names for autograd refuse, so that a derivative has to be written and cannot be asked for.

In the judge's processes that is for good, and only the uppermost of several nets (autograder/sandbox/); in a
student's notebook it holds while ``check`` runs the cells again. There the operators of a backward pass refuse, too
(``torch.ops.aten.tanh_backward``), as they do in those processes for good.
"""

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

import torch
import torch.autograd.forward_ad
import torch.autograd.functional
import torch.func

DERIVATIVES = ("backward", "_jvp")
"""Words in the name of an operator that computes a derivative."""
_REACHED_BY = re.compile(r"backward|_jvp|\bops\b|\bgetattr\b")
"""Code without any of these does not call such an operator."""
_SENTENCE = "autograd is not an answer here: write the derivative itself"


def refuse(*args: object, **kwargs: object) -> NoReturn:
    """Stands for whatever is taken out.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(_SENTENCE)


def _another_refusal() -> Callable[..., NoReturn]:
    """``refuse``, as a function of its own: parts of torch keep a table by function and do not take one twice."""
    return lambda *args, **kwargs: refuse()


def _as_it_is(function: Any = None, *args: object, **kwargs: object) -> Any:
    """Stands for what compiles: the function itself, and a decorator that does nothing if there is none yet."""
    return _as_it_is if function is None else function


def is_refusal(raised: str) -> bool:
    """Whether an error says that autograd gave nothing: it refused, has recorded nothing, or ``.grad`` was None."""
    return _SENTENCE in raised or "NoneType" in raised or bool(re.search(r"requires?[ _]grad|grad_fn", raised))


def refusing_names() -> Iterator[tuple[object, str, object]]:
    """What to set, on which object, under which name, so that no name of torch's leads to a derivative.

    Grad mode may be switched as anybody likes: parts of torch do so when they are imported. What compiles a function gives it
    back as it is: it computes the same, a compiler needs files that are not there, and some of them differentiate, too.
    """
    yield torch, "compile", _as_it_is
    yield torch.jit, "script", _as_it_is
    yield torch.jit, "trace", _as_it_is
    switch = torch.Tensor.requires_grad_

    def only_off(tensor: torch.Tensor, requires_grad: bool = True) -> object:
        return refuse() if requires_grad else switch(tensor, False)

    yield torch.Tensor, "requires_grad_", only_off
    for owner, names in {
        torch.Tensor: ["backward", "retain_grad"],
        torch.autograd: ["grad", "backward"],
        torch.autograd.graph: ["_engine_run_backward"],
        torch.autograd.functional: ["jacobian", "vjp", "jvp", "hessian", "vhp", "hvp"],
        torch.autograd.forward_ad: ["dual_level", "make_dual", "enter_dual_level"],
        torch.func: ["grad", "grad_and_value", "vjp", "jvp", "jacrev", "jacfwd", "hessian", "linearize"],
    }.items():
        for name in names:
            if hasattr(owner, name):
                yield owner, name, _another_refusal()


@functools.cache
def _operators() -> tuple[tuple[object, str], ...]:
    """Where Python finds torch's operators that compute a derivative, and under which names."""
    names = (name.removeprefix("aten::").partition(".")[0] for name in torch._C._dispatch_get_all_op_names())
    wanted = sorted({name for name in names if any(word in name for word in DERIVATIVES) and "::" not in name})
    here = [(owner, name) for owner in (torch, torch._C._nn) for name in wanted if hasattr(owner, name)]
    return (*here, *((torch.ops.aten, name) for name in wanted))


@contextlib.contextmanager
def derivatives_refused(sources: Iterable[str] = ()) -> Iterator[None]:
    """Within it, all these names refuse, and the operators of a backward pass where code may reach them.

    Args:
        sources: the code that is run.
    """
    refusing = [*refusing_names()]
    if any(map(_REACHED_BY.search, sources)):
        refusing += [(owner, name, refuse) for owner, name in _operators()]
    names = [(owner, name, new, vars(owner).get(name, _absent)) for owner, name, new in refusing]
    try:
        for owner, name, new, _ in names:
            setattr(owner, name, new)
        yield
    finally:
        for owner, name, _, old in names:
            if old is _absent:
                delattr(owner, name)  # it is inherited
            else:
                setattr(owner, name, old)


_absent = object()
