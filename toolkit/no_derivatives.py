"""Python's names for autograd refuse, so that a derivative has to be written and cannot be asked for.

In the judge's processes that is for good, and only the uppermost of several nets (autograder/sandbox/); in a
student's notebook it holds while ``check`` runs the cells again.
"""

import contextlib
import re
from collections.abc import Iterator
from typing import NoReturn

import torch
import torch.autograd.forward_ad
import torch.autograd.functional
import torch.func


_SENTENCE = "autograd is not an answer here: write the derivative itself"


def refuse(*args: object, **kwargs: object) -> NoReturn:
    """Stands for whatever is taken out.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(_SENTENCE)


def is_refusal(raised: str) -> bool:
    """Whether an error says that autograd gave nothing: it refused, has recorded nothing, or ``.grad`` was None."""
    return _SENTENCE in raised or "NoneType" in raised or bool(re.search(r"requires?[ _]grad|grad_fn", raised))


def refusing_names() -> Iterator[tuple[object, str, object]]:
    """What to set, on which object, under which name, so that no name of torch's leads to a derivative."""
    set_grad_enabled, switch = (
        torch.set_grad_enabled,
        torch._C._set_grad_enabled,
    )  # torch.no_grad() needs them to switch off

    def only_off(mode: bool, *args: object) -> object:
        return refuse() if mode else set_grad_enabled(False)

    def switch_off(mode: bool) -> None:
        return refuse() if mode is True and not torch.is_grad_enabled() else switch(mode)

    for name in ("backward", "retain_grad", "requires_grad_"):
        yield torch.Tensor, name, refuse
    for module, names in {
        torch.autograd: ["grad", "backward"],
        torch.autograd.graph: ["_engine_run_backward"],
        torch.autograd.functional: ["jacobian", "vjp", "jvp", "hessian", "vhp", "hvp"],
        torch.autograd.forward_ad: ["dual_level", "make_dual", "enter_dual_level"],
        torch.func: ["grad", "grad_and_value", "vjp", "jvp", "jacrev", "jacfwd", "hessian", "linearize"],
        torch: ["enable_grad"],
        torch._C: ["_jit_differentiate"],
    }.items():
        for name in names:
            if hasattr(module, name):
                yield module, name, refuse
    yield torch, "set_grad_enabled", only_off
    yield torch._C, "_set_grad_enabled", switch_off


@contextlib.contextmanager
def derivatives_refused() -> Iterator[None]:
    """Within it, all these names refuse."""
    names = [(owner, name, new, vars(owner).get(name, _absent)) for owner, name, new in refusing_names()]
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
