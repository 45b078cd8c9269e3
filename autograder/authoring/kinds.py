"""The kinds of mistakes that people make in a backward pass, and what a message must say to have named one.

A message may be phrased as it likes. It has named a kind if it holds the kind's words, in any of these forms; a synonym
that serves a reader as well may be added here. Not enough is where the numbers differ, nor a ratio of two numbers. Several
kinds with `` or `` between them say that either is as good an explanation: different small changes mend the same line.
"""

import re

KINDS: dict[str, tuple[str, str]] = {
    # --- in a gradient checker
    "precision": ("differences are computed in float32", r"\bfloat32\b"),
    "one-sided": ("a forward or backward difference", r"\bone-sided\b"),
    "step": ("a step that is too small or too long", r"\bthe step is\b"),
    "floor": ("nothing keeps the denominator of a relative error from vanishing", r"\bfloor\b"),
    "blind": ("wrong gradients pass", r"\bpasses\b"),
    "only some shapes": ("numbers, vectors or transposes are not thought of", r"\bshapes?\b"),
    "changed in place": ("what was given holds other numbers afterwards", r"\bother numbers than before\b"),
    "autograd": ("what is to be checked is compared with itself", r"\bautograd\b"),
    # --- which name stands there
    "another name": (
        "a tensor, a number or an index where another one that is in scope belongs",
        r"\b(an?other|wrong|different) (name|variable|tensor|operand|size|index|quantity|gradient|upstream)\b"
        r"|\b(belongs? (here|there)|in (its|that|this|the) place|in place of|where [^.]* (belongs|is meant|stands|has to stand))"
        r"|\bgradient of \w+, not of\b|\bnot the (name|variable|tensor)\b|\bmistaken for\b",
    ),
    "value for gradient": (
        "a variable where its gradient belongs, or the reverse",
        r"\b(value|variable)\b.*\bgradient\b|\bgradient\b.*\b(value|variable)\b|\bupstream\b",
    ),
    "input for output": (
        "the output of a line for its input, or the reverse: a derivative taken at the wrong place",
        r"\boutput\b|\binput\b|\bat the wrong (place|node|tensor|value)\b|\btaken at\b",
    ),
    "upstream": (
        "the upstream gradient is left out, or that of another layer, or one that is not complete yet",
        r"\bupstream\b|\bskip|\bnot (yet )?complete\b|\bearlier\b|\bunfinished\b",
    ),
    "index": (
        "an index that marks too much, too little, or other entries",
        r"\bind(ex|ices|exed|exing)\b|\bmark(s|ed)?\b|\b(all|every|each|other|whole|entire|wrong|same) (\w+ )?"
        r"(row|column|entr|element|place|example|pair|position)",
    ),
    "letters": ("other letters in an einsum", r"\bletters\b"),
    "exchanged": (
        "two names exchanged where several are bound at once",
        r"\bexchanged\b|\bswapped\b|\bgradient of \w+, not of\b",
    ),
    # --- what is multiplied and added
    "factor": (
        "a factor is left out, or one too many",
        r"\bfactors?\b|\bmultipl(y|ied|ies|ication)\b|\bdivi(de|des|ded|sion)\b|\blocal derivative\b",
    ),
    "term": (
        "a term, a share, a branch is left out, or one too many",
        r"\bterms?\b|\bshares?\b|\bsummands?\b|\bbranch(es)?\b",
    ),
    "twice": (
        "a factor, a term, a line is there twice",
        r"\btwice\b|\bdoubled\b|\btoo often\b|\btwo times\b|\bsecond time\b|\bonce (more|too)\b|\brepeated\b|\bsquared?\b",
    ),
    "upside down": (
        "a factor is divided by where it multiplies, or the reverse; two fractions exchanged",
        r"\bupside down\b|\binver(t|ted|se|sion)\b|\breciprocal\b|\bexchanged?\b|\bswapped\b|\bdivi(de|ded|des|sion)\b",
    ),
    "operator": (
        "added where it multiplies, or the like",
        r"\boperat(or|ion)\b|\badd(s|ed|ition)?\b|\bsubtract|\bmultipl",
    ),
    "sign": ("a sign is wrong", r"\bsigns?\b|\bminus\b|\bnegat"),
    "exponent": ("an exponent is wrong", r"\bexponents?\b|\bpowers?\b|\bsquare|\broot\b"),
    "constant": (
        "a number is wrong: n, n-1, 1/n, n/(n-1), 2",
        r"\bconstants?\b|\ban?other size\b|\bfactors?\b|\bnumber (that|is|in|here)\b|\bn ?- ?1\b|\b1 ?/ ?n\b|\bBessel|\bmean\b",
    ),
    "epsilon": (
        "the small constant is left out, or has the wrong sign",
        r"\bepsilon\b|\beps\b|\b1e-0?5\b|\bsmall constant\b",
    ),
    "precedence": (
        "brackets: the operators bind otherwise than was meant",
        r"\bprecedence\b|\bbinds?\b|\bbrackets?\b|\bparenthes[ei]s\b|\bmultipl(y|ied) first\b",
    ),
    # --- sums
    "sum left out": (
        "a sum over copies is missing",
        r"\bsum(s|med|ming)?\b|\badd(s|ed)? up\b|\badd them up\b",
    ),
    "sum too many": ("a sum where there is none", r"\bsum(s|med|ming)?\b|\badd(s|ed)? up\b"),
    "dimension": (
        "a sum, a maximum, a softmax over another dimension",
        r"\bdim(ension)?s?\b|\b(along|over|down|across) the (row|column|batch|example|class|character)",
    ),
    "sum of one factor": (
        "a method call binds closer than *: one factor alone is summed",
        r"\bbinds?\b|\bmultipl(y|ied|ies) (\w+ )?(first|before)\b|\bfirst\b.*\bsum|\bone (of the two )?factors?\b"
        r"|\bfactor alone\b|\bproduct of two sums\b|\bbefore (it is|they are|the) (sum|multipl)|\bprecedence\b|\bbrackets?\b",
    ),
    "mean for sum": ("a mean where it is a sum, or the reverse", r"\bmeans?\b|\baverage"),
    "keepdim": ("a dimension is dropped or kept", r"\bkeepdim\b|\bkeeps?\b|\bkept\b|\bdropp?(s|ed)?\b|\bshape\b"),
    # --- shapes
    "transpose": (
        "transposed, or permuted into the right shape",
        r"\btranspos|\bpermut|\barrange|\border\b|\bwhich factor comes first\b|\brows and columns\b",
    ),
    "operand order": (
        "the operands of a matrix product in another order",
        r"\border\b|\btranspos|\bcomes first\b|\bswap",
    ),
    "matrix product": (
        "elementwise where it is a matrix product, or the reverse",
        r"\bmatrix (product|multipl)|\belementwise\b|@",
    ),
    # --- what is bound and added to
    "overwritten": (
        "`=` for `+=`: what was there is gone",
        r"\boverwr|\badd(s|ed)? up\b|\baccumulat|\breplac(es|ed)\b|\bis (gone|lost)\b|\bshares?\b|\blast gradient\b|\+=",
    ),
    "added to": (
        "`+=` for `=`: what was there stays in it",
        r"\badd(s|ed|ing)?\b|\bwhat was (there|in it)\b|\bstart|\btwice\b|\boverwr|\bassign|\+=",
    ),
    "start": (
        "a tensor that starts from ones, or from something else than zeros",
        r"\bzeros?\b|\bones\b|\bstarts?\b|\bbegins?\b|\btoo large by\b",
    ),
    "clone": (
        "two names for one tensor",
        r"\b(one|same) (and the same )?tensor\b|\bcop(y|ies)\b|\bclone|\btwo names\b|\bsecond name\b|\bin place\b",
    ),
    "changed later": ("it was right, until a later line", r"\ba later line\b"),
    # --- calculus
    "derivative": (
        "the derivative of another function, or the function itself",
        r"\bderivatives?\b|\bslopes?\b|\bdifferentiat|\bchain rule\b",
    ),
    "function": ("another function than the one that is meant", r"\bfunction\b"),
    "layer skipped": (
        "a step on the way back is left out",
        r"\bskip|\bas it came\b|\bleft out\b|\bmissing\b|\blocal derivative\b|\bupstream\b|\bnot gone back\b",
    ),
    "false start": ("the label's probability differentiated, not its logarithm", r"\bfalse start\b"),
    # --- nan and inf
    "not finite": ("nan or inf: from which line, and why", r"\b(nan|inf|not finite|overflow\w*)\b"),
}


def names(message: str, kinds: str) -> bool:
    """Whether a message names one of the kinds (`` or `` between them), whatever else it says.

    Raises:
        KeyError: there is no such kind.
    """
    return any(re.search(KINDS[kind][1], message, re.IGNORECASE | re.DOTALL) for kind in kinds.split(" or "))
