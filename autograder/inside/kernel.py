"""A Jupyter kernel in a forked process: ipykernel itself, already imported."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_kernel(connection: Mapping[str, object], arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Start a kernel on the given sockets and serve them until it is ended.

    Args:
        connection: what a connection file holds.
        arguments: of ipykernel's command line.
        environment: further environment variables.
    """
    import random

    import matplotlib
    import numpy
    import torch
    from ipykernel.kernelapp import IPKernelApp
    from matplotlib_inline.config import InlineBackend

    os.environ.update(environment)
    torch.set_num_threads(1)
    torch.seed()  # every child would else draw the same numbers as its sisters
    numpy.random.seed()
    random.seed()
    path = Path(os.environ["HOME"], ".connection.json")
    path.write_text(json.dumps(connection), encoding="utf-8")
    app = IPKernelApp.instance()
    app.initialize(["-f", str(path), *arguments])
    path.unlink()
    # drawn once, not a second time to find out what could be cut off at the margins; so there is more room for labels
    matplotlib.rcParams["figure.subplot.bottom"] = 0.17
    InlineBackend.instance(parent=app.shell).print_figure_kwargs = {
        "bbox_inches": None,
        "pil_kwargs": {"compress_level": 1},
    }
    app.shell.enable_matplotlib("inline")
    app.start()
