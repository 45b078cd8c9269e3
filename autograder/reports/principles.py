"""What a mistake is about: the principle that was missed, where an exercise explains it, and a task for the board.

A verdict's sentence names the mistake; the words in which it does are what is known of here. A sentence that is new, and has
none of these words, belongs to no principle, and is shown as it is.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.mistakes.sentences import capitalised

DERIVATION = "on paper"
"""Words of the headings of a derivation, which is for the step that it leads to, and for no other."""


@dataclass(frozen=True)
class Principle:
    """Something that is worth teaching again."""

    title: str
    words: str = field(repr=False)
    """A regular expression for the sentences of its mistakes."""
    headings: tuple[str, ...]
    """Words of the headings under which exercises explain it, the best one first (``Outline.explains``)."""
    board: str = field(repr=False)
    """A task to do at the board, in ten minutes."""


PRINCIPLES = (
    Principle(
        "A checker has to be checked, too: by what is right and by what is wrong",
        r"passes (?:everything|\d+ of \d+ wrong)|fails (?:everything|\d+ of \d+ right|a right gradient)|passes a wrong gradient"
        r"|function is never called|one-sided|central they are|step is zero, or is lost|complex plane|it compares in float"
        r"|take random directions|it knows only some shapes|step on a copy|A checker has to come|is to return the relative error",
        ("a gradient checker", "which step"),
        "f(x) = x³ at x = 2, h = 0.1. One half of the room computes (f(x+h) − f(x)) / h, the other (f(x+h) − f(x−h)) / 2h; the "
        "derivative is 12. Then h = 0.01. By which factor does each error shrink, and what ends it?",
    ),
    Principle(
        "A comparison with the true gradient does not see everything",
        r"is not among your lines",
        ("find the five lines", "say what was wrong"),
        "Put up the line db1 = -dhprebn.sum(0) before a batchnorm. Let everybody try it on numbers of their own: what does a "
        "comparison with the truth say, and what one with a dhprebn that is random?",
    ),
    Principle(
        "Autograd is what the answers are compared with, and no answer",
        r"autograd is not an answer",
        ("Why write a backward pass",),
        "Take y = a·b + a at a = 2, b = 3. Draw the graph, write down each local derivative, and carry a 1 back from y by hand. "
        "Then let PyTorch do it: which of its numbers stood where on the board?",
    ),
    Principle(
        "Sizes come from the tensors, never from this notebook",
        r"it assumes|is (?:another|the wrong) size",
        ("The parameters", "One minibatch", "How to work"),
        "Take an answer in which 32 is written out and ask what it gives for a batch of 5. Then rewrite it so that nobody has to "
        "ask: which number stands in which .shape?",
    ),
    Principle(
        "A variable that is read by two lines gets the sum of two shares",
        r"is read by|share (?:that comes back )?through|share of \S+ (?:through|that comes back)|Two branches"
        r"|is used in \d+ places"
        r"|to the wrong name",
        ("Two branches", "stage 4", "layer as a graph", "queries, keys, values"),
        "u = 2a, v = a·a, L = u·v at a = 3. Let one half of the room compute the share through u, the other half the share "
        "through v, each believing it has the gradient. Then nudge a by 0.01 and see whose number comes out.",
    ),
    Principle(
        "A method call binds closer than *, and * closer than +",
        r"closer than|mind precedence|Multiply first|multiply first|product of two sums",
        ("Warm-up: broadcasting", "Hint", "The parameters"),
        "Put a · b.sum(0) and (a · b).sum(0) side by side for a 2×2 a and b, with numbers. Ask for the value of each before "
        "anybody runs it; then for n / n - 1 and n / (n - 1).",
    ),
    Principle(
        "What was copied by broadcasting collects the gradients of all its copies",
        r"over the copies|one of the copies|was broadcast|over the wrong dimension|a (?:sum|mean) is missing"
        r"|(?:sum|mean) stands where"
        r"|this sum is one too many|too much is summed|times, so \S+ gradients add up",
        ("broadcasting", "the batch", "hidden layer", "gain and bias"),
        "a is 2×3, b is 2×1, c = a * b. Write all six products out. In which of them does b₁ stand, and with which factor? "
        "Then write db without a computer, and say which dimension went and why.",
    ),
    Principle(
        "A gradient has the shape of its variable",
        r"A gradient has the shape of its variable|^shape \(|^right value, wrong shape|dimension is dropped",
        ("chain rule, and its words", "shapes", "The forward pass"),
        "Write five lines of a forward pass with their shapes, (n, H), (1, H) and (H,) among them. For each line, ask for the "
        "shape of every gradient before anybody says a word about its value; then which argument of sum() makes it.",
    ),
    Principle(
        "Rows that are read several times add up",
        r"row of \S+ that was picked|overwrite|one example of the minibatch|keeps only its last|throws away|index marks|all pairs"
        r"|loop leaves out|one entry in each row",
        ("read more than once", "two Python loops", "two tables"),
        "A table of three rows is read at 0, 2, 0, 2, 2. Put five gradients (1, 10, 100, 1000, 10000) back into the table. What "
        "does table[index] = g leave there, and what should stand there?",
    ),
    Principle(
        "The slope of an elementwise function belongs to one place of the graph",
        r"slope (?:is taken|of)|[Tt]he exponent|a power of|has lost its sign|at the wrong place|another function|the function"
        r"|power rule",
        ("slope of", "sum over each row", "the variance"),
        "h = tanh(a). Write the slope once with a and once with h. Evaluate both at a = 0 and at a = 4. Where would the mix-up "
        "of a and h show, and where not?",
    ),
    Principle(
        "A product of matrices goes back as a product of matrices",
        r"transposed|first in the product|comes first|operands of the product|matrix product|in another arrangement",
        ("matrix product", "output layer", "products with three dimensions"),
        "C = A @ B with A 2×3 and B 3×2. Write c₁₂ out. Which entries of A does it read, with which factors? Fill in dA entry by "
        "entry, and only then look for the product of matrices that has these entries.",
    ),
    Principle(
        "Constants survive: what a mean divides by, its gradient is divided by",
        r"constant factor|mean is treated|sum is treated|You take the mean|small constant|You have \S+ where the line has|Bessel"
        r"|epsilon|n and n - 1",
        ("n − 1", "Step 1: the loss", "the batch", "Bessel", "beside batchnorm"),
        "L is the mean of four numbers, and v their variance with n − 1. Write both without the words mean and variance, and "
        "take the derivative with respect to the first number. Which constant stands where?",
    ),
    Principle(
        "A minus in front of a variable turns its gradient round",
        r"sign is wrong|has the wrong sign",
        ("chain rule, and its words", DERIVATION),
        "d = a − b, with b a column that is copied. Nudge a, then b, by +0.1: which way does d go? Write da and db, signs first, "
        "sizes after.",
    ),
    Principle(
        "Two names can be one tensor, and a later line can spoil what was right",
        r"was right when it was computed|in place: two names|is None|binds the name|second name|complete where"
        r"|adds to what was there|this line is one too many",
        ("Two branches", "Two names", "Step 3: the mean"),
        "p = torch.zeros(3); q = p; q += 1. Draw the boxes and the arrows. What is p now? Which one line would have kept them "
        "apart?",
    ),
    Principle(
        "Take the largest of a row away before exp",
        r"right on ordinary numbers|holds (?:nan|inf)",
        ("row maximum is subtracted", "Numerical stability", "the mask and the scale"),
        "Softmax of (1000, 1001, 1002): what is exp(1000) in a float? Take 1002 from each first, and show that nothing else "
        "has changed.",
    ),
    Principle(
        "In a softmax, and in a norm, every entry moves the whole row",
        r"as if the function were elementwise|differs from summand to summand",
        ("Layer norm in one expression", "Softmax in one expression", DERIVATION),
        "Softmax of (ln 2, 0, 0) is (½, ¼, ¼). Raise the first score a little: which of the three weights move, and which way? "
        "Write the nine derivatives as a table; then let a row of upstream gradients, (1, 2, 6), go back through it.",
    ),
    Principle(
        "Where a constant was put in, nothing comes back",
        r"[Tt]he mask \S+ |a constant was put in",
        ("the mask and the scale",),
        "Three numbers, the last of them overwritten by 7, then summed. Nudge each of the three: which nudge does the sum feel? "
        "So what goes back to the last one, whatever comes from above?",
    ),
    Principle(
        "Each line multiplies its upstream gradient by its own local derivative",
        r"upstream gradient \S+ (?:as it came|is left out|is added|belongs)|not the upstream gradient|is all zeros"
        r"|has come back to it yet"
        r"|factor \S+ (?:is left out|, which is)|in it once too often|where a (?:gradient|value of the forward pass) is meant"
        r"|this factor|[Tt]hese factors|a factor is"
        r"|is one too many|another tensor belongs|another operation|a term is|no layer may be skipped"
        r"|local derivative",
        ("chain rule, and its words", DERIVATION),
        "y = exp(x), z = 3y, L = z² at x = 0. Three people, one for each line: each gets a number from the one behind, "
        "multiplies by what the own line gives, and hands it on. Nobody may look at another's line.",
    ),
    Principle(
        "The gradient was bound to another name",
        r"This is the gradient of|The name to use|holds its value|belongs to the exercise and is replaced",
        ("chain rule, and its words", "Your turn"),
        "Put up the graph with empty boxes for the gradients, and fill in the names in backward order, without any formulas.",
    ),
    Principle(
        "The update goes downhill, step by step, with this step's gradients",
        r"learning rate|the update|trajectory|step before|[Dd]ownhill|running|leave the path of autograd's loop",
        ("The training loop", "update beside"),
        "One parameter, L = p², p = 3, a rate of 0.1. Do three steps by hand. Where in the loop must the gradient be "
        "computed, where used, and what happens if it is last step's?",
    ),
)  # fmt: skip

OTHERS = Principle(
    "Not one of the known mistakes", "", (),
    "Ask somebody whose numbers are right to explain the line to somebody whose numbers are not, one factor at a time.",
)  # fmt: skip
PYTHON = Principle(
    "The line did not run", "", ("How to work",),
    "Read an error message from its last line upwards: what was expected, what was there, in which line?",
)  # fmt: skip
BY_KIND = {
    "raised": PYTHON,
    "right line, another kind": Principle(
        "What is wrong with a line has a name",
        "",
        ("say what was wrong",),
        "Put up db2 = dlogits.mean(0), dW2 = hpreact.T @ dlogits and dbndiff = 2 / n * bndiff * dbnvar. Everybody writes one "
        "word for what is wrong with each. Where two words are given: what would each of them mend?",
    ),
    "timed out": Principle(
        "The cell did not end", "", ("two Python loops",), "Which loop over numbers is one operation on tensors?"
    ),
}
TITLES = {
    "uses autograd": "Used autograd",
    "right for these sizes only": "A size of this notebook is written out",
    "overflows on large numbers": "Overflows on large numbers",
    "timed out": "Did not end",
    "right line, another kind": "The right line, and another word than for what is wrong with it",
}
"""What mistakes of these kinds are called, whatever is said of them."""
CALLED = {
    "the first to leave the path of autograd's loop": "The loop leaves the path of autograd's",
    "goes up the gradient": "The update goes up the gradient",
    "is not among your lines": "A wrong line was not found",
    r"which argument of sum\(\) keeps a dimension": "A dimension is there that the variable does not have",
    "is not that of the whole training set": "A statistic is not that of the whole training set",
}
"""What mistakes with these words in their sentences are called."""
NOT_BEGUN = "not attempted"
"""A kind of verdict that is no mistake."""

_PLACE = re.compile(
    r"^(?:d\w+: )?(?:Two mistakes\. )?(?:extra )?cell [^:`]*, line \d+(?:(?:, at)? `.*?`)?(?:; and .*?)?: ",
    re.DOTALL | re.IGNORECASE,
)
_CONTEXT = re.compile(r"\(|shape \(|\S+ is (?:read|used) ")
"""How sentences begin that do not name the mistake."""
_SENTENCE = re.compile(r"(?<=[.?!)])\s+(?=[A-Z\d(`])")
_CODE = re.compile(r"`[^`]*\w[^`]*`")
_SHAPE = re.compile(r"\(\d+(?:, ?\d*)*\)")
_NUMBER = re.compile(r"(?<!factor )(?<![\w/.-])(?<!n - )\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?(?![\w/])")


def principle_of(verdict: Mapping[str, Any]) -> Principle:
    """What a verdict that is not ``right`` is about."""
    if verdict["kind"] in BY_KIND:
        return BY_KIND[verdict["kind"]]
    said = f"{verdict['kind']}. {verdict['message']}"
    found = (p for p in PRINCIPLES if re.search(p.words, verdict["message"]) or re.search(p.words, said))
    return next(found, OTHERS)


def without_place(message: str) -> str:
    """A sentence without the words that say in which cell and line; for where the line itself is shown."""
    return _PLACE.sub("", message, count=1)


def mistake_of(verdict: Mapping[str, Any], names: Collection[str]) -> str:
    """The diagnosis without what differs from one gradient, minibatch or student to the next: equal mistakes, equal words.

    Args:
        names: variables of the exercise, for which an ellipsis stands.
    """
    kind, message = verdict["kind"], verdict["message"]
    if kind == "raised":
        error = without_place(message).split(":")[0].strip()[:60]
        return f"Raised {error}" if error else "Raised an error"
    if kind in TITLES:
        return TITLES[kind]
    if verdict.get("named") is False or not message:
        return OTHERS.title
    words = principle_of(verdict).words
    if called := next((title for said, title in CALLED.items() if re.search(said, message)), ""):
        return called
    sentences = [s for s in _SENTENCE.split(without_place(message)) if not _CONTEXT.match(s)] or [message]
    told = next((s for s in sentences if words and re.search(words, s)), sentences[0])
    told = told.removeprefix("A gradient has the shape of its variable: ")
    told = _NUMBER.sub("…", _SHAPE.sub("(…)", _CODE.sub("…", re.sub(r"^d\w+: ", "", told)))).replace("`", "")
    variables = sorted({*names} - {"n"}, key=len, reverse=True)  # n is how many: it is the mistake, and no variable
    if variables:
        any_name = rf"(?:{'|'.join(map(re.escape, variables))})\b"
        told = re.sub(rf"^(?:(d)|){any_name}(?=\s)", lambda d: "A gradient" if d[1] else "A variable", told)
        told = re.sub(rf"\bd?{any_name}", "…", told)
    told = re.sub(r"…(?:(?:,? and |, )…)+", "…", told.split(": ")[0]).strip(" .")
    return capitalised(told)[:140]
