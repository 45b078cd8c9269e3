"""Which TeX of a student's is set as a formula: what is known to make formulas, and nothing else.

MathJax has commands that make links, styles, ids and boxes of any size anywhere on the page, and several ways to call one
without writing its name. So what is not on the list is parted from its backslash, and stands there as it was typed.
"""

import re

_NAMES = """
alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho sigma
varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega frac dfrac tfrac
sqrt binom sum prod int iint oint lim limsup liminf sup inf max min arg argmax argmin exp log ln sin cos tan tanh sinh cosh
coth det dim gcd ker Pr deg hom partial nabla infty ell hbar Re Im forall exists nexists in notin ni subset subseteq supset
supseteq cup cap setminus emptyset varnothing wedge vee neg lnot land lor top bot cdot cdots ldots vdots ddots dots dotsc
dotsb times div pm mp ast star circ bullet odot oplus otimes ominus dagger le leq ge geq lt gt ne neq equiv approx sim simeq
cong propto ll gg mid parallel perp to gets mapsto rightarrow leftarrow leftrightarrow Rightarrow Leftarrow Leftrightarrow
longrightarrow longleftarrow Longrightarrow implies impliedby iff uparrow downarrow hat widehat bar overline underline tilde
widetilde vec dot ddot acute grave check breve overbrace underbrace overset underset stackrel mathbf mathrm mathit mathsf
mathtt mathcal mathbb mathfrak mathscr boldsymbol bm text textbf textit textrm texttt operatorname mathop mathrel mathbin
left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr lfloor rfloor lceil rceil langle rangle lvert rvert
lVert rVert lbrace rbrace vert Vert lbrack rbrack backslash begin end limits nolimits displaystyle textstyle scriptstyle
quad qquad substack prime not hline cr colon boxed phantom
"""
KNOWN = frozenset(_NAMES.split())
_COMMAND = re.compile(r"\\(?=([A-Za-z@]+))")


def held(text: str) -> str:
    """Text in which no command but a known one follows its backslash: a blank of no width is between them."""
    return _COMMAND.sub(lambda found: found[0] if found[1] in KNOWN else "\\\u200b", text)


def is_held(text: str) -> bool:
    """Whether ``held`` would leave a text as it is."""
    return all(found[1] in KNOWN for found in _COMMAND.finditer(text))


def typed_out(text: str) -> str:
    """Text in which nothing is a formula at all: a name, say."""
    return re.sub(r"([$\\])", "\\1\u200b", text)
