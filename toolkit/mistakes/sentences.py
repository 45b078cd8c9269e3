"""A finding in words: where, of what kind the mistake is, and which principle it breaks. Never what should stand there."""

import re
from collections.abc import Sequence

from toolkit.mistakes.line import Edit
from toolkit.mistakes.nearest import Finding
from toolkit.network.graph import Graph
from toolkit.verdict import Place

LONGEST_PIECE = 60
_LOWER = re.compile(
    r"(?:an?|another|the|this|these|there|all|its?|in|on|only|one|every|each|something|which|where|what|multiply|add|right|"
    r"shape|cell|extra|too?|zeros|no|elements|several|line|for|central) "
)
"""How sentences begin that follow a colon elsewhere; a variable's name stays as it is."""
_BESSEL = re.compile(r"- 1\b|\b(?:var|std)\((?![^()]*(?:unbiased=False|correction=0))")
"""Where a forward pass divides by one less."""
SUMS = "what is used several times has the sum of its gradients"
BINDS = "A method call binds closer than *, and * closer than + and -"

SENTENCES: dict[str, str] = {
    # --- names
    "value for gradient": (
        "a value of the forward pass stands where a gradient is meant. A gradient is linear in the upstream gradient: each term "
        "has exactly one upstream gradient as a factor."
    ),
    "gradient for value": (
        "a gradient stands where a value of the forward pass is meant. The local derivative is made of "
        "values alone; the upstream "
        "gradient comes in once, as a factor."
    ),
    "input for output": (
        "{0} is the input of a line of the forward pass, and the output of that line belongs here: the derivative is taken at "
        "the wrong place."
    ),
    "output for input": (
        "{0} is the output of a line of the forward pass, and the input of that line belongs here: the derivative is taken at "
        "the wrong place."
    ),
    "another upstream": (
        "{0} is not the upstream gradient that belongs here. Which line of the forward pass reads {name}, and which gradient "
        "comes back to that line? No layer may be skipped."
    ),
    "another name": (
        "another tensor belongs here, not {0}. Write the line of the forward pass beside it: which tensors does it read, and "
        "which of them is the other factor?"
    ),
    "another size": "{0} is the wrong size: a constant factor of another dimension belongs here. Over "
    "what does the forward pass go?",
    "target": (
        "this share is added to the wrong name, {0}: whose gradient is it? It comes from a line of the forward pass that reads "
        "{name}."
    ),
    # --- numbers
    "number": "the constant factor or number is wrong here. Where in the forward pass does it come from?",
    "bessel": "which divisor has the variance: n, or n - 1 (Bessel's correction)? Here it is the other constant.",
    "n for n-1": (
        "n and n - 1 are different constants. Bessel's correction is in the variance of the forward pass, and only what comes "
        "through the variance has n - 1."
    ),
    "no bessel": "a mean divides by the number of its elements, and not by one less: no line of this forward pass has n - 1.",
    "exponent": "the exponent is wrong. The power rule: the exponent comes to the front as a factor and goes down by one.",
    "power missing": "another power of {0} belongs here, and not {0} itself. Which power does the local derivative have?",
    "epsilon missing": "the small constant {0} is left out, epsilon. It stays where it is in the forward pass.",
    "epsilon sign": "the small constant epsilon ({0}) has the wrong sign. It is added in the forward pass.",
    "epsilon too much": "the small constant epsilon ({0}) does not belong here.",
    "epsilon place": "the small constant epsilon ({0}) is added at another place than in the forward "
    "pass: before or after the root?",
    "epsilon": "the small constant epsilon ({0}) is another one than in the forward pass.",
    # --- factors and terms
    "factor too much": "this factor, {0}, is one too many. Which factors does the local derivative have?",
    "factors too much": "these factors, {0}, are too many. Which factors does the local derivative have?",
    "twice": "this factor, {0}, is in it twice. The chain rule takes each line's derivative once.",
    "constant too much": "the constant factor {0} is one too many here. Where would it come from?",
    "constant missing": "all is right but for the constant factor {0}, which is left out here. Where does it come from?{mean}",
    "factor missing": "the factor {0} is left out here. What does the line of the forward pass multiply with?",
    "upstream missing": (
        "the upstream gradient {0} is left out here. The chain rule: local derivative times upstream gradient, in each term."
    ),
    "upside down": "a factor is upside down: it multiplies where it has to divide, or divides where it has to multiply.",
    "term too much": "this term, {0}, is one too many.",
    "term missing": "a term is left out here: something is to be added or subtracted.",
    "operator": "another operation belongs here than `{0}`. The chain rule multiplies along one path, and adds up over several.",
    "sign": "the sign is wrong. Count the minus signs: those in the forward pass, and those that differentiating brings in.",
    "brackets": (
        "the operators bind otherwise than is meant: mind precedence, and put brackets around what belongs "
        "together. * and / bind "
        "closer than + and -, ** closer than both, a method call closer than all."
    ),
    # --- sums
    "sum missing": (
        "a sum is missing here. {copies}What was copied on the way there is added up on the way back, before "
        "it meets what belongs "
        "to one element alone."
    ),
    "mean missing": "a mean is missing here.",
    "sum too much": "this sum is one too many: it adds up what belongs to different elements.",
    "sum for mean": "a sum stands where a mean is meant: one of them divides by the number of the terms.",
    "mean for sum": "a mean stands where a sum is meant. {copies}Nothing divides by their number.",
    "sum of one factor": (
        "multiply first, then sum: a method call binds closer than *, so only one of the two factors is summed here."
    ),
    "product of sums": "multiply first, then sum: a product of two sums is not the sum of the products.",
    "sum of too much": "too much is summed: one of the two belongs outside of the sum. Where do its brackets close?",
    "dimension": "this goes over the wrong dimension. Which dimension has to go, and which has to stay?",
    "keepdim": "the dimension is dropped, or kept, by the argument keepdim: so the result meets the others in another shape.",
    # --- matrices and shapes
    "transpose": (
        "something is transposed that must not be, or the other way round. Write the shapes beside it: which rows and columns "
        "meet?"
    ),
    "order": "the operands of the product stand in another order. Which factor comes first, and which one is transposed?",
    "matrix product": "an elementwise product and a matrix product (@) are exchanged.",
    "arguments": "the arguments stand in the wrong order: the elements end in another arrangement.",
    # --- functions
    "function": "another function is meant than {0}: which one does the forward pass have, and what is its derivative?",
    "function too much": (
        "the function {0} is one too many here: the derivative is taken at the wrong place, or that of the "
        "function is applied twice."
    ),
    "function missing": "the function {0} is left out here: at which place is the derivative taken?",
    "option": "the option {0} is the other way round.",
    # --- indices and loops
    "index": (
        "the index marks other entries than those that are meant. Which rows and which columns does it name, "
        "and how many entries "
        "are that?"
    ),
    "mask inverted": (
        "the mask {0} marks the wrong entries, all those that are not meant: where is it True, and what passes there?"
    ),
    "mask missing": (
        "the mask {0} is left out here. Where the forward pass puts in a constant, an entry moves nothing, and the local "
        "derivative is the factor 0, whatever the upstream gradient is."
    ),
    "fill": "what goes back where a constant was put in? Nudge such an entry: a constant does not move, so this number is wrong.",
    "entry missing": (
        "all is right but for one entry in each row, the place that {0} names: there the derivative has "
        "another case, with a term "
        "(a constant) more."
    ),
    "all pairs": (
        "the two loops go through all pairs, each row with every index. Each row has an index of its own: they go together."
    ),
    "loop": "the loop goes over too few indices, or too many. Over which does it have to go?",
    # --- binding and adding
    "overwritten": "{several}`=` throws away what was there before. Shares add up.",
    "overwritten rows": (
        "a row that is named several times keeps only its last gradient: you overwrite, it must add up (`+=` with an index reads "
        "each row once)."
    ),
    "added to": "`+=` adds to what was there before, and that does not belong here: a first share is bound by `=`.",
    "start": "this is not what it has to start from. What is in the places that no later line fills or adds to?",
    "clone": (
        "this gives {1} a second name and copies nothing: both are one and the same tensor, and what changes "
        "one changes the other."
    ),
    "line too much": "this line is one too many: what it does is in it already, so it is done twice, or "
    "it belongs to another gradient.",
    "exchanged names": "{0} and {1} are exchanged: each of the two gets what belongs to the other.",
    "change of a copy": (
        "this changes nothing: square brackets with a tensor of indices give a copy, and what a method does in place is done to "
        "that copy alone."
    ),
    "letters": (
        "the letters of this einsum are wrong. A letter that two factors share goes through both at once; what the result does "
        "not have is summed over, and what it has stays. Write the shapes beside them."
    ),
    "not normalised": (
        "the rows are not normalised: the factor is missing that makes probabilities of them, so that each row sums to 1."
    ),
    "derivative": (
        "this factor is not the local derivative that belongs here, and all the rest is right. What is the "
        "derivative of {reader} "
        "with respect to {name}, and at which place is it taken?"
    ),
    "share": "this is not the share of d{name} that comes back through {0}; all else is right.",
    "arrangement": "the elements are the right ones in another arrangement: transposed, or taken in another order.",
    "exchanged": (
        "the two are exchanged: each belongs there where the other stands. Through which line of the forward pass does each one "
        "come, and which terms does a factor belong to (brackets)?"
    ),
}
"""What each kind of change says: the kind of the mistake, and the principle. ``{0}`` and so on: ``Edit.about``."""

_MEMBERS = {
    "another name": "value for gradient, gradient for value, input for output, output for input, another upstream, another name",
    "a size": "another size",
    "the name that is added to": "target",
    "the names before `=`": "exchanged names",
    "a constant factor": "constant missing, constant too much, number, n for n-1, bessel, no bessel",
    "a factor": "factor too much, factors too much, factor missing, upside down, upstream missing, twice, derivative, "
    "not normalised",
    "a term": "term too much, term missing, entry missing, share",
    "a sign": "sign",
    "an exponent": "exponent, power missing",
    "epsilon": "epsilon, epsilon missing, epsilon sign, epsilon too much, epsilon place",
    "a sum": "sum missing, mean missing, sum too much, sum for mean, mean for sum, sum of one factor, product of sums, "
    "sum of too much",
    "a dimension": "dimension, keepdim",
    "brackets": "brackets",
    "a transpose": "transpose, arrangement",
    "the order of a product": "order",
    "the kind of a product": "matrix product",
    "an operation": "operator",
    "a function": "function, function too much, function missing",
    "arguments": "arguments, option",
    "an index": "index, letters",
    "a mask": "mask inverted, mask missing, fill",
    "a loop": "loop, all pairs",
    "a line that is one too many": "line too much",
    "`=` or `+=`": "overwritten, overwritten rows, added to",
    "the start": "start",
    "a copy": "clone, change of a copy",
}
"""What several kinds have in common."""
FAMILIES: dict[str, str] = {kind: family for family, members in _MEMBERS.items() for kind in members.split(", ")}


def finding_in_words(finding: Finding, graph: Graph, copies: int = 0) -> str:
    """One to three sentences.

    Args:
        copies: how many times the variable is used in the line that reads it, if that is by broadcasting.
    """
    name, first = finding.lead.name, finding.edits
    places = finding.places
    if len(first) == 2 and _exchanged(first):
        said = f"{at(places)}: {SENTENCES['exchanged']}"
    elif len(first) == 2:
        one, two = (_sentence(edit, finding, graph, copies, number) for number, edit in enumerate(first))
        where = [at(places[:1]), at(places[1:] or places)]
        said = f"Two mistakes. {where[0]}: {one} {where[1]}: {two}"
        if one == two:
            said = f"{at(places)}, twice the same: {one}"
    else:
        other = f" or {where_it_is(finding.elsewhere)}" if finding.elsewhere else ""
        said = f"{at(places)}{other}: {_sentence(first[0], finding, graph, copies, 0)}"
    if finding.missing and first[0].kind in ("line too much", "term too much"):
        indexed = " Which entries does its index name?" if "[" in places[0].piece else ""
        return (
            f"{at(places)}: all but this is right. It should be the share of d{name} through {finding.missing}, and is "
            f"not.{indexed}"
        )
    if finding.missing:
        said += f" Besides, the share of d{name} through {finding.missing} is not in it yet."
    if finding.only:
        said += f" Besides, only the share of d{name} through {finding.only} is in it."
    return said


def where_it_is(places: Sequence[Place]) -> str:
    """Cell, line and piece of each."""
    parts = []
    for one in places:
        piece = " ".join(one.piece.split())
        if len(piece) > LONGEST_PIECE:
            piece = f"{piece[: LONGEST_PIECE - 20]} … {piece[-15:]}"
        parts.append(f"{one.label}, line {one.line}, at `{piece}`")
    return "; and ".join(parts)


def at(places: Sequence[Place]) -> str:
    text = where_it_is(places)
    return text[:1].upper() + text[1:]


def capitalised(text: str) -> str:
    """As a sentence begins; a variable's name stays as it is."""
    return text[:1].upper() + text[1:] if _LOWER.match(text) else text


def _sentence(edit: Edit, finding: Finding, graph: Graph, copies: int, number: int) -> str:
    """What is wrong at one place: of one change, or what equally small ones share."""
    same = [edit, *(other[number] for other in finding.others)]
    kinds = list(dict.fromkeys(_kind(e) for e in same))
    if len(kinds) == 1 or number:
        return _filled(kinds[0], _shared(same), edit, finding, graph, copies)
    families = list(dict.fromkeys(FAMILIES[kind] for kind in kinds))
    if len(families) == 1:
        said = _filled(kinds[0], _shared([e for e in same if _kind(e) == kinds[0]]), edit, finding, graph, copies)
        return f"{families[0]} is wrong here. {capitalised(said)}"
    said = "the mistake is here, and all else is right: several small changes of this piece would mend it."
    if finding.elsewhere:
        said = "the mistake is in one of these pieces, and all else is right: several small changes would mend it."
    return said + (f" They are about {', '.join(families[:-1])} or {families[-1]}." if len(families) <= 3 else "")


def _shared(same: Sequence[Edit]) -> list[str]:
    """The words about changes that are the same for all of them; '' where they differ."""
    fewest = min(len(edit.about) for edit in same)
    return [same[0].about[i] if len({edit.about[i] for edit in same}) == 1 else "" for i in range(fewest)]


def _kind(edit: Edit) -> str:
    about = edit.about
    if edit.kind in ("number", "another size") and len(about) == 2 and about[1] == f"{about[0]} - 1":
        return "n for n-1"
    if edit.kind == "factor too much" and about and _is_constant(about[0]):
        return "constant too much"
    if edit.kind == "factor too much" and about and " and " in about[0]:
        return "factors too much"
    return edit.kind


def _is_constant(text: str) -> bool:
    return all(part.isdigit() or part in ("n", "batch_size", "") for part in _words(text))


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "_" else " " for c in text).split()


def _filled(kind: str, about: Sequence[str], edit: Edit, finding: Finding, graph: Graph, copies: int) -> str:
    name = finding.lead.name
    if kind in ("bessel", "n for n-1") and not _BESSEL.search(graph.text):
        kind = "no bessel"
    text = SENTENCES.get(kind, "this is not what is meant.")
    readers = graph.readers(name)
    several = ""
    if len(readers) > 1:
        listed = f"{', '.join(readers[:-1])} and {readers[-1]}"
        several = f"{name} is read by {len(readers)} lines, {listed}, and the share of each belongs to d{name}. "
    values = {
        "name": name,
        "reader": readers[0] if readers else "",
        "mean": " (The forward pass takes a mean.)"
        if about and about[0].startswith("1/") and _means(graph, name)
        else "",
        "several": several,
        "copies": f"{name} is used {copies} times, so {copies} gradients add up. " if copies > 1 else "",
    }
    words = [*about, *([""] * 3)]
    if not any(about[:1]):
        for old, new in (
            (" of {0} belongs here, and not {0} itself", " belongs here"),
            (" ({0})", ""),
            (", {0},", ""),
            (", not {0}", ""),
            (" {0}", ""),
            ("`{0}`", "this one"),
            ("{1}", "it"),
        ):
            text = text.replace(old, new)
    return text.format(*words, **values)


def _means(graph: Graph, name: str) -> bool:
    """Whether a line that reads a variable takes a mean."""
    return any(
        word in graph.steps[reader].expression for reader in graph.readers(name) for word in ("mean", "cross_entropy")
    )


def _exchanged(pair: Sequence[Edit]) -> bool:
    """Whether what is too much at one place is what is missing at the other."""
    too_much = [e for e in pair if e.kind in ("factor too much", "constant too much")]
    missing = [e for e in pair if e.kind in ("constant missing", "factor missing")]
    if len(too_much) == 1 and len(missing) == 1:
        return _bare(too_much[0].about) == _bare(missing[0].about)
    names = [e.about for e in pair if len(e.about) == 2]
    return len(names) == 2 and _bare(names[0][:1]) == _bare(names[1][1:]) and _bare(names[0][1:]) == _bare(names[1][:1])


def _bare(about: Sequence[str]) -> str:
    return "".join(c for c in (about[0] if about else "") if c not in "() ")
