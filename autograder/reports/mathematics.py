"""Mathematics in a page's text as MathML, which browsers draw by themselves: nothing is loaded, nothing is run.

``latex2mathml`` translates; what it returns is let through only if it is made of known elements without anything that acts.
A formula that it does not know stands in the page as it was typed.
"""

import functools
import html
import re

from latex2mathml.converter import convert

LONGEST_FORMULA = 2_000
"""Characters of a formula that is translated."""
WIDE = 32
"""Letters of a formula within a line that may not fit on a phone."""
_NAMES = (
    "mrow|mi|mn|mo|mtext|mspace|mfrac|msqrt|mroot|msub|msup|msubsup|munder|mover|munderover|mtable|mtr|mtd|mstyle|mpadded|"
    "mphantom|menclose"
)
_ATTRIBUTES = (
    "stretchy|fence|form|separator|mathvariant|displaystyle|scriptlevel|columnalign|rowspacing|columnspacing|lspace|rspace|"
    "accent|accentunder|movablelimits|minsize|maxsize|symmetric|largeop|linethickness|width|height|depth|voffset|notation"
)
_MATHML = re.compile(
    r'<math xmlns="http://www.w3.org/1998/Math/MathML" display="(?:inline|block)">'
    r"(?:[^<>&\\]++|&(?:#x[0-9A-Fa-f]{1,6}|#[0-9]{1,7}|amp|lt|gt);"
    rf"|</?(?:{_NAMES})(?: /)?>"
    rf'|<(?:{_NAMES})(?: (?:{_ATTRIBUTES})="[a-zA-Z0-9 .%-]*+")++ ?/?>)*+'
    r"</math>"
)
_LINE_SPACE = re.compile(r"\\\\\[[\w. -]{1,12}\]")
_BLANK = re.compile(r"(?<!\\)\\\n")
_TEXT = re.compile(r"\\text[a-z]{0,2}\{[^{}]*\}")
_FUNCTION = re.compile(r"<mi>(log|ln|exp|sin|cos|tan|sinh|cosh|tanh)</mi>(?=<m(?!o\b))")
"""The name of a function, and no bracket behind it: it stands apart from what it is of."""
_TAG = re.compile(r"(<[^<>]*>)")
_FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<block>[^$]+?)\$\$"
    r"|(?P<environment>\\begin\{(?P<name>[a-z]{1,20}\*?)\}.{0,2000}?\\end\{(?P=name)\})"
    r"|(?<![\\$\w])\$(?P<inline>[^$\s](?:[^$]*?[^$\s\\])?)\$(?![\d\w$])",
    re.DOTALL,
)


def with_mathematics(page: str, most: int = 1_000) -> str:
    """HTML in which the formulas of its text, between dollars or ``\\begin`` and ``\\end``, are MathML; code stays.

    Args:
        page: HTML as markdown gives it, formulas escaped and otherwise as they were typed.
        most: how many formulas are translated.
    """
    parts, code, left = [], 0, most
    for part in _TAG.split(page):
        if part.startswith("<"):
            code += 1 if re.match(r"<(?:pre|code)\b", part) else -1 if part in ("</pre>", "</code>") else 0
        elif not code and left > 0 and ("$" in part or "\\begin" in part):
            part, count = _FORMULA.subn(_translated, part, count=left)
            left -= count
        parts.append(part)
    return "".join(parts)


def _translated(found: re.Match[str]) -> str:
    inline = found["inline"]
    formula = inline or found["block"] or found["environment"]
    shown = mathml(html.unescape(formula), "inline" if inline else "block")
    if not shown:
        return f"<code>{found[0]}</code>"
    wide = not inline or len(html.unescape(_TAG.sub("", shown))) > WIDE
    return f'<span class="formula" tabindex="0">{shown}</span>' if wide else shown  # which can be scrolled


def _understood(formula: str) -> str:
    """A formula in the translator's own words. It knows neither a line's space, as in ``\\\\[6pt]``, nor a blank that is a
    line's end, nor an underscore within text."""
    formula = _LINE_SPACE.sub(r"\\\\ ", formula.strip().replace("{aligned}", "{align*}"))
    formula = _BLANK.sub(r"\\ ", formula)
    return _TEXT.sub(lambda text: text[0].replace(r"\_", "_"), formula)


@functools.lru_cache(maxsize=2048)
def mathml(formula: str, display: str = "inline") -> str:
    """A formula as MathML; nothing if it is not known how, or too long.

    Args:
        display: ``inline`` or ``block``.
    """
    if len(formula) > LONGEST_FORMULA:
        return ""
    try:
        found = convert(_understood(formula), display=display)
    except (Exception, RecursionError):  # whatever a formula does to the translator
        return ""
    found = _FUNCTION.sub(r'<mo form="prefix" lspace="0.167em" rspace="0.167em">\1</mo>', found)
    return found if _MATHML.fullmatch(found) else ""
