"""Casts to a precision below float64 in a student's code."""

import ast

_PRECISIONS = frozenset({"float", "float32", "FloatTensor", "half", "float16", "HalfTensor", "bfloat16", "single"})


def casts(node: ast.AST) -> bool:
    """Whether code says a precision below float64: ``.float()``, ``dtype=torch.float32``, ``.type(torch.FloatTensor)``,
    ``astype("float32")``. Comments and other people's words of the same letters are no code."""
    for part in ast.walk(node):
        match part:
            case ast.Attribute(attr=word) if word in _PRECISIONS:
                return True
            case ast.Name(id=word) if word in _PRECISIONS - {"float"}:  # Python's own float() is float64
                return True
            case ast.Constant(value=str(text)) if text.removeprefix("torch.") in _PRECISIONS | {"f", "f4", "<f4"}:
                return True
            case ast.alias(name=word) if word in _PRECISIONS:
                return True
    return False


def in_double(source: str) -> str:
    """A cell whose casts to float32, which change nothing in a notebook, are casts to float64, in which the judge runs it. Lines
    stay where they are."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    places = []
    for part in ast.walk(tree):
        match part:
            case ast.Call(func=ast.Attribute(attr="float") as named, args=[], keywords=[]):
                places.append((named.end_lineno or 1, named.end_col_offset or 0, "float", "double"))
            case ast.Attribute(value=ast.Name(id="torch"), attr="float" | "float32" as word):
                places.append((part.end_lineno or 1, part.end_col_offset or 0, word, "float64"))
    lines = [line.encode() for line in source.split("\n")]
    for number, end, old, new in sorted(places, reverse=True):
        line = lines[number - 1]
        if line[end - len(old) : end] == old.encode():
            lines[number - 1] = line[: end - len(old)] + new.encode() + line[end:]
    return b"\n".join(lines).decode()
