"""A student's cells as plain Python: notebook magics removed, uses of autograd found, statements taken apart.

Nothing is run here; all is read from the syntax tree.
"""

import ast
import contextlib
import functools
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import TypeGuard

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
_HELP = re.compile(r"\?{1,2}[\w.*]+|[\w.*]+\?{1,2}")
"""``?name`` and ``name?``, which show the help of a name."""
_CAPTURED = re.compile(r"[\w,\s]+=\s*[!%]\s*\w")
"""``files = !ls`` and ``times = %timeit -o ...``."""
_RUN_AS_IT_IS, _WRITES = ("%%time", "%%timeit", "%%capture", "%%prun"), ("%%writefile", "%%file")
"""Magics of a cell that run its body and change nothing of it, and those that write it to a file."""
LONGEST_CELL, MOST_LINES, LONGEST_CODE = 50_000, 1_000, 200_000
"""Most characters and lines of one cell that are read as Python, and most characters of all cells together."""
MOST_STATEMENTS = 2_000
"""Of all cells together, those inside of loops and functions not counted: after each of them the judge looks at what it did."""
LONGEST_NUMBER = 10_000
"""Most bits of a whole number."""
MOST_NESTED, MOST_TRIED = 400, 3
"""How deep an expression may go, and how many statements before a line that is no Python may be to blame for it."""
_BY_STRING = frozenset(
    {"getattr", "exec", "eval", "attrgetter", "__import__", "import_module", "methodcaller", "compile"}
)


@dataclass(frozen=True)
class StudentCell:
    """A code cell that a student may have written in: a solution cell (by its grade_id) or an extra one."""

    label: str
    source: str
    grade_id: str | None = None


@dataclass
class Screened:
    """A cell without its uses of autograd."""

    cell: StudentCell
    statements: list[str] = field(default_factory=list)
    """Source of each top-level statement, padded with empty lines so that line numbers stay true."""
    writes: list[set[str]] = field(default_factory=list)
    """Names that each statement binds or changes in place."""
    assigned: set[str] = field(default_factory=set)
    """Names that it binds anew by a plain assignment, whatever they were before."""
    nodes: list[ast.stmt] = field(default_factory=list)
    """The syntax tree of each of these statements."""
    autograd: dict[str, str] = field(default_factory=dict)
    """Gradients (variable names) whose statements ask autograd for them, and were left out; with the words that do."""
    words: set[str] = field(default_factory=set)
    """Every word in the cell that may mean autograd."""
    left_out: bool = False
    """Whether a statement was left out for such a word."""
    syntax_error: str = ""
    line: int | None = None

    @property
    def source(self) -> str:
        """The whole cell, lines where they were."""
        lines: list[str] = []
        for statement in self.statements:
            text = statement.split("\n")
            start = next((i for i, line in enumerate(text) if line.strip()), 0)
            lines += [""] * (start - len(lines))
            if start < len(lines):  # two statements on one line
                lines[-1] += "; " + text[start].strip()
                lines += text[start + 1 :]
            else:
                lines += text[start:]
        return "\n".join(lines)

    def bound(self) -> set[str]:
        """Every name that the cell writes."""
        return set().union(*self.writes) if self.writes else set()


def screen(cells: Iterable[StudentCell], gradients: Iterable[str], leave_out: bool = True) -> list[Screened]:
    """Take the cells apart and leave out each statement that uses autograd, or a value that came from it: it would raise
    where there is none, and stop a loop or a cell in which all else is an answer.

    Args:
        gradients: the variables of the network; ``d<name>`` is the gradient of each. A gradient that came from autograd
            costs its own points, so what is computed from it further on is not left out.
        leave_out: if not, all stays as it is written. The words alone do not tell whose method ``backward`` is; a run
            without autograd does.
    """
    names = {"d" + name: name for name in gradients}
    read_cells: list[tuple[Screened, str, list[ast.stmt]]] = []
    length = count = 0
    for cell in cells:
        length += len(cell.source)
        read_cell = None
        if length <= LONGEST_CODE and not is_too_long(cell.source):
            read_cell = _read_cell(cell)
            count += len(read_cell[2])
        if read_cell is None or count > MOST_STATEMENTS:
            too_long = Screened(cell, syntax_error="all this is too long for an answer, and was not read.")
            read_cell = too_long, "", []
        read_cells.append(read_cell)
    own = _own_words((node for _, _, body in read_cells for node in body), frozenset(names.values()))
    tainted: dict[str, str] = {}
    for result, source, body in read_cells:
        _screen_cell(result, source, body, names, tainted, own if leave_out else None)
    return [result for result, _, _ in read_cells]


def is_too_long(source: str) -> bool:
    """Whether a cell is longer than anybody writes one: to read it would only cost time and memory."""
    return len(source) > LONGEST_CELL or source.count("\n") + source.count("\r") > MOST_LINES


def _read_cell(cell: StudentCell) -> tuple[Screened, str, list[ast.stmt]]:
    """A cell, what of it is Python, and its statements."""
    source = plain_python(cell.source)
    result = Screened(cell)
    source, body, error = read_statements(source)
    if error:
        result.syntax_error = f"{type(error).__name__}: {getattr(error, 'msg', error)}"
        result.line = getattr(error, "lineno", None)
    return result, source, body


def _screen_cell(
    result: Screened,
    source: str,
    body: list[ast.stmt],
    gradients: dict[str, str],
    tainted: dict[str, str],
    own: "OwnWords | None",
) -> None:
    """Fill in what of a cell is run, and what of it uses autograd (nothing, if ``own`` is None)."""
    lines = source.split("\n")  # as Python counts them: splitlines() would also part them at a form feed

    def words_of(node: ast.stmt, bound: Set[str] = frozenset()) -> set[str]:
        if own is None:
            return set()
        used = set(autograd_uses(node, own))
        result.words |= used
        return used | {tainted[name] for name in (read(node) - _looped_over(node) - bound) & tainted.keys()}

    def leave_out(node: ast.stmt, words: set[str]) -> None:
        word, result.left_out = ", ".join(sorted(words)), True
        for name in written(node):
            if name in gradients:
                result.autograd[gradients[name]] = word
            elif name not in gradients.values() or name in bound_anew(node):
                tainted[name] = word

    for node in body:
        words = words_of(node)
        if words and isinstance(node, _BLOCKS):  # a loop or a block: only the statements in it that use autograd
            of_its_loops = _looped_over(node)
            for siblings, place in _inner_statements(node):
                inner = siblings[place]
                if inner_words := words_of(inner, of_its_loops):
                    leave_out(inner, inner_words)
                    _blank(lines, inner)
                    siblings[place] = ast.copy_location(ast.Pass(), inner)
            words = words_of(node)
        if words:
            leave_out(node, words)
            continue
        writes = written(node)
        if isinstance(node, ast.Assign):
            for name in bound_anew(node):
                result.assigned.add(name)
                tainted.pop(name, None)
                result.autograd.pop(gradients.get(name, ""), None)
        result.statements.append("\n" * (_first_line(node) - 1) + _text(lines, node))
        result.writes.append(writes)
        result.nodes.append(node)


def read_statements(source: str) -> tuple[str, list[ast.stmt], Exception | None]:
    """The top-level statements of a cell, up to what is no Python; their text; and what is wrong there, if anything is."""
    try:
        return source, _statements(source), None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return *_before(source, getattr(error, "lineno", None)), error


def _statements(source: str) -> list[ast.stmt]:
    """The top-level statements of a cell.

    Raises:
        SyntaxError: it is no Python; ``ValueError``, ``RecursionError`` and ``MemoryError`` mean the same of odder cells.
    """
    tree = ast.parse(source)
    if _depth(tree) > MOST_NESTED:  # what can be parsed here could fail where the stack is deeper
        raise RecursionError("it is nested too deeply")
    values = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    if any(isinstance(value, int) and value.bit_length() > LONGEST_NUMBER for value in values):
        raise ValueError("a number in it has too many digits")  # in hexadecimal: Python could not write it in decimal
    return tree.body


def _before(source: str, line: int | None) -> tuple[str, list[ast.stmt]]:
    """The statements of a cell that come before a line which is no Python, as far as they can be read, and their text."""
    lines = source.split("\n")
    begin = [number for number in _beginnings(lines) if number < (line or 1) and lines[number][:1].strip()]
    for end in [begin.pop() for _ in range(min(MOST_TRIED, len(begin)))]:
        text = "\n".join(lines[:end])
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return text, _statements(text)
    return "", []


def _depth(tree: ast.AST) -> int:
    """How many levels a syntax tree has."""
    depth, level = 0, [tree]
    while level:
        depth, level = depth + 1, [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


_BLOCKS = (ast.For, ast.While, ast.With, ast.If, ast.Try)


def _inner_statements(node: ast.stmt | ast.ExceptHandler) -> Iterator[tuple[list[ast.stmt], int]]:
    """Statements inside of a loop or a block, each as a list and a place in it, and each after those inside of itself; a function
    definition counts as one."""
    for field_name in ("body", "orelse", "finalbody", "handlers"):
        siblings = getattr(node, field_name, [])
        for place, inner in enumerate(siblings):
            if isinstance(inner, (*_BLOCKS, ast.ExceptHandler)):
                yield from _inner_statements(inner)
            if not isinstance(inner, ast.ExceptHandler):
                yield siblings, place


def _blank(lines: list[str], node: ast.stmt) -> None:
    """Put an empty statement in the place of a statement, on its first line, and move nothing else on that line."""
    first, last = _first_line(node) - 1, (node.end_lineno or node.lineno) - 1
    text = lines[first].encode()
    width = (node.end_col_offset or 0) - node.col_offset if first == last else 1
    rest = text[node.end_col_offset :] if first == last else b""
    lines[first] = (text[: node.col_offset] + b"0".ljust(width) + rest).decode()
    lines[first + 1 : last + 1] = [""] * (last - first)


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
        base = _base(node)
        return (node.attr == "grad" and bool(base & self.stored)) or (
            node.attr in self.defined and not base & {*self.network, "torch"}
        )


def _own_words(body: Iterable[ast.stmt], network: frozenset[str]) -> OwnWords:
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
                    stored |= set().union(*(_base(a) for a in places if a.attr == "grad"), set())
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


def written(node: ast.AST) -> set[str]:
    """Names that a statement binds, stores into by index or attribute, or changes by a method ending in ``_``."""
    names: set[str] = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
                names |= _base(part)
            case ast.Call(func=ast.Attribute(attr=method) as call) if method.endswith("_") and not method.startswith(
                "_"
            ):
                names |= _base(call)
            case ast.Call(keywords=keywords):
                names |= set().union(*(_base(k.value) for k in keywords if k.arg == "out"), set())
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {(a.asname or a.name).split(".")[0] for a in aliases}
    return names


def calls(source: str, function: str) -> list[tuple[object, ...]]:
    """The arguments of each call of a function by name in a cell, as far as they are plain constants."""
    try:
        tree = ast.parse(plain_python(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        tuple(argument.value for argument in node.args if isinstance(argument, ast.Constant))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]


def read(node: ast.AST) -> set[str]:
    """Names that a statement loads."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}


def bound_anew(node: ast.AST) -> set[str]:
    """Names that a statement binds to something else, not only changes."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


@functools.lru_cache(maxsize=512)
def makes(source: str) -> tuple[frozenset[str], frozenset[str], frozenset[str], bool]:
    """The names that a cell writes; those among them that it goes on from: read or changed in place before it binds them; all
    that it needs from elsewhere; and whether one of its loops is what it is about."""
    bound: set[str] = set()
    goes_on: set[str] = set()
    in_loops: set[str] = set()
    for node in read_statements("" if is_too_long(source) else plain_python(source))[1]:
        inside = [siblings[place] for siblings, place in _inner_statements(node)]
        for part in [part for part in inside if not isinstance(part, _BLOCKS)] if isinstance(node, _BLOCKS) else [node]:
            changed = written(part) - (bound_anew(part) if not isinstance(part, ast.AugAssign) else set())
            goes_on |= (read(part) | changed) - bound
            bound |= written(part)
        in_loops |= set().union(*(written(loop) for loop in ast.walk(node) if isinstance(loop, ast.For | ast.While)))
    return frozenset(bound), frozenset(goes_on & bound), frozenset(goes_on), len(in_loops) > len(bound) / 2


def _looped_over(node: ast.AST) -> set[str]:
    """Names that a statement's own loops bind: what it reads under them is not what an earlier cell left there."""
    loops = (part.target for part in ast.walk(node) if isinstance(part, ast.For | ast.comprehension))
    return set().union(*map(bound_anew, loops), set())


def plain_python(source: str) -> str:
    """The cell without magics and shell lines, each replaced by an empty statement on the same line; nothing if it is too
    long, or if a magic has all of it (``cell_magic``)."""
    if is_too_long(source):
        return ""
    lines = _without_prompts(source.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    magic, first = _cell_magic(lines)
    if magic in _WRITES:
        return "\n" * first + _writes_file(lines[first], lines[first + 1 :])
    if magic and magic not in _RUN_AS_IT_IS:
        return ""
    if magic:
        lines[first] = ""
    belongs = False  # to the magic of the line before it
    for number in _beginnings(lines):
        line, belonged = lines[number], belongs
        code = line.strip()
        is_magic = code.startswith(("%", "!")) or bool(_HELP.fullmatch(code) or _CAPTURED.match(line))
        belongs = (belonged or is_magic) and code.endswith("\\")
        if belonged or is_magic:
            run = re.match(r"%(time|prun)\s+(?=[^\s-])", code)
            begin = line[: len(line) - len(line.lstrip())]
            lines[number] = "" if belonged else begin + (code[run.end() :] if run else "pass")
    return "\n".join(lines)


_PROMPTS = (
    (re.compile(r"^(>>>|\.\.\.)( |$)"), re.compile(r"^>>>( |$)")),
    (re.compile(r"^(((\[nav\]|\[ins\])? )?In \[\d+\]: |\s*\.{3,}: ?)"),) * 2,
)
"""Python's own prompts, and IPython's: in any line, and in the first."""


def _without_prompts(lines: Sequence[str]) -> list[str]:
    """What IPython takes for the lines of a cell: without the indent of its first, and without the prompts of a session that
    was pasted. Source: IPython.core.inputtransformer2 of Colab's 7.34; later releases dedent otherwise, and take prompts out of
    strings, so the verdict would depend on the one at hand."""
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    code = [*lines[first:]]
    indent = code[0][: len(code[0]) - len(code[0].lstrip(" \t"))]
    code = [line.removeprefix(indent) for line in code]
    for prompt, begins in _PROMPTS:
        if begins.match(code[0]) or (len(code) > 1 and prompt.match(code[1])):
            code = [prompt.sub("", line, count=1) for line in code]
    return [*lines[:first], *code]


def cell_magic(source: str) -> str:
    """The magic that has all of a cell, ``%%bash``, so that nothing in it is run as Python; empty if none has."""
    magic = _cell_magic(source.splitlines())[0]
    return magic if magic not in _RUN_AS_IT_IS + _WRITES else ""


def _cell_magic(lines: Sequence[str]) -> tuple[str, int]:
    """The magic in a cell's first line that is not blank, and that line's number."""
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    return (lines[first].split()[0], first) if lines and lines[first].startswith("%%") else ("", first)


def _writes_file(magic: str, body: Sequence[str]) -> str:
    """What ``%%writefile`` does, as one line of Python: the module can be imported afterwards, anew if it was before."""
    append, name = re.search(r"\s-(a|-append)\b", magic), magic.split()[-1].strip("\"'")
    mode, text = "a" if append else "w", "\n".join([*body, ""])
    return (
        f"with open({name!r}, {mode!r}, encoding='utf-8') as _file: _file.write({text!r}); "
        f"__import__('sys').modules.pop({name.removesuffix('.py')!r}, None); __import__('importlib').invalidate_caches()"
    )


def _beginnings(lines: Sequence[str]) -> Iterator[int]:
    """The lines in which a statement may begin: not inside of brackets or of a string, nor continued from the line before.

    One pass, and no parser: what is no Python is told apart, too. A line that is changed meanwhile is read as it is then.
    """
    quote, depth, continued = "", 0, False
    for number in range(len(lines)):
        if not quote and not depth and not continued:
            yield number
        line, at, continued = lines[number], 0, False
        while found := (_in_string(quote) if quote else _OUTSIDE).search(line, at):
            piece, at = found.group(), found.end()
            if quote:
                quote = "" if piece == quote else quote
            elif piece == "#":
                break
            elif piece in "([{":
                depth += 1
            elif piece in ")]}":
                depth = max(0, depth - 1)
            elif piece == "\\":
                continued = True
            else:
                quote = piece
        if len(quote) == 1 and not line.endswith("\\"):
            quote = ""  # no Python


_OUTSIDE = re.compile(r"#|\"{3}|'{3}|[\"'()\[\]{}]|\\$")


@functools.cache
def _in_string(quote: str) -> re.Pattern[str]:
    return re.compile(rf"\\.|{quote}")


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


_PRECISIONS = frozenset({"float", "float32", "FloatTensor", "half", "float16", "HalfTensor", "bfloat16", "single"})


def _base(node: ast.expr) -> set[str]:
    """The name at the root of ``a.b[c].d``."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def _text(lines: list[str], node: ast.stmt) -> str:
    """A statement's own source; columns count in UTF-8 bytes."""
    first, last = _first_line(node), node.end_lineno
    part = lines[first - 1 : last]
    part[-1] = part[-1].encode()[: node.end_col_offset].decode()
    if first == node.lineno:
        part[0] = part[0].encode()[node.col_offset :].decode()
    return "\n".join(part)


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())
