"""What a submission could carry to make a reader's browser do something: each tries to fetch an address with HIT in it."""

import base64

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

PNG = base64.b64encode(
    base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")
).decode()
IMG = "<img src=x onerror=fetch(/HIT/.source)>"
SCRIPT = "<script>fetch(/HIT/.source)</script>"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="fetch(/HIT/.source)"><script>fetch(/HIT/.source)</script></svg>'

TEXTS = {  # sources of markdown cells
    "script": "<script>fetch(/HIT/.source)</script>",
    "script in a sentence": "so <script>fetch(/HIT/.source)</script> it is",
    "script split by a comment": "<!-- --><scr<script>ipt>fetch(/HIT/.source)</script>",
    "onerror": "<img src=x onerror=fetch(/HIT/.source)>",
    "onerror in capitals, slashes for spaces": "<IMG/SRC=x/OnErRoR=fetch(/HIT/.source)>",
    "tag that is not closed": "<img src=x onerror=fetch(/HIT/.source) ",
    "onload of a drawing": SVG,
    "ontoggle": "<details open ontoggle=fetch(/HIT/.source)><summary>x</summary></details>",
    "onfocus": "<input autofocus onfocus=fetch(/HIT/.source)>",
    "animated link": '<svg><a><animate attributeName=href values="javascript:fetch(/HIT/.source)"/><text y=20>x</text></a></svg>',
    "frame with a document": '<iframe srcdoc="<script>parent.fetch(/HIT/.source)</script>"></iframe>',
    "frame with a script address": '<iframe src="javascript:parent.fetch(/HIT/.source)"></iframe>',
    "frame with a page of the server": '<iframe src="/HIT"></iframe>',
    "object": '<object data="/HIT"></object><embed src="/HIT">',
    "form": '<form action="/HIT"><button class="full-credit">x</button></form>',
    "refresh": '<meta http-equiv="refresh" content="0; url=/HIT">',
    "base": '<base href="/HIT/">',
    "style": "<style>body { background: url(/HIT) }</style>",
    "style attribute": '<p style="background: url(/HIT)">x</p>',
    "style of a table's cell": '<table><tr><td style="text-align: left; background: url(/HIT)">x</td></tr></table>',
    "stylesheet": '<link rel="stylesheet" href="/HIT">',
    "picture of the server": "![](/HIT)",
    "picture in HTML": '<img src="/HIT">',
    "picture by a reference": "![x][y]\n\n[y]: /HIT",
    "picture with a set of sources": '<picture><source srcset="/HIT"><img srcset="/HIT 1x"></picture>',
    "video": '<video poster="/HIT" autoplay><source src="/HIT"></video><audio src="/HIT" autoplay></audio>',
    "picture whose title breaks out": '![a" onerror="fetch(/HIT/.source)](x "b\\" onerror=fetch(/HIT/.source)")',
    "mathematics in a picture's text": '![$" onerror=fetch(/HIT/.source) $](x)',
    "link to a script": "[click](javascript:fetch(/HIT/.source))",
    "link to a script, with entities": "[click](&#106;ava&Tab;script&colon;fetch(/HIT/.source))",
    "link to a script, in HTML": '<a href=" java&#10;script:fetch(/HIT/.source)">click</a>',
    "link to a script, by a reference": "[click][y]\n\n[y]: javascript:fetch(/HIT/.source)",
    "link in angle brackets": "<javascript:fetch(/HIT/.source)>",
    "link to a data address": "[click](data:text/html,<script>fetch(/HIT/.source)</script>)",
    "link to the server": "[click](/HIT)",
    "link to a file handed in": "[click](evil.html)",
    "address in a sentence": "see http://localhost:8888/HIT for more",
    "mermaid": "```mermaid\n</pre><img src=x onerror=fetch(/HIT/.source)>\n```",
    "name of a fence": '```"><img/src=x/onerror=fetch(/HIT/.source)>\ncode\n```',
    "mathematics": "$<img src=x onerror=fetch(/HIT/.source)>$",
    "an environment": "\\begin{align}<img src=x onerror=fetch(/HIT/.source)>\\end{align}",
    "link in mathematics": "$\\href{http://localhost:8888/HIT}{click}$",
    "link in mathematics, escaped": "&#36;\\\\href{http://localhost:8888/HIT}{click}&#36;",
    "style in mathematics": "$$\\style{background: url(/HIT)}{x} \\class{full-credit}{x} \\cssId{probs-check}{x}$$",
    "link in mathematics, a token of MathML": "$\\mmlToken{mi}[href=/HIT]{click}$",
    "link in mathematics, a name put together": "$\\csname hr\\relax ef\\endcsname{/HIT}{click}$",
    "link in mathematics, defined": "$\\def\\x#1{\\csname #1ef\\endcsname}\\x{hr}{/HIT}{click} \\let\\y=\\href$",
    "place in mathematics": "$\\label{a}$ $\\ref{a}$ $\\tag{x}$ \\begin{equation}\\label{b}\\end{equation} $\\eqref{b}$",
    "mathematics over the page": "$\\rule{99em}{99em}\\kern-99em$",
    "mathematics that nests": f"<math><mtext><table><mglyph><style>{IMG}</style></mglyph></table></mtext></math>",
    "foreign content": '<svg></p><style><a id="</style><img src=x onerror=fetch(/HIT/.source)>"></svg>',
    "noscript": '<noscript><p title="</noscript><img src=x onerror=fetch(/HIT/.source)>"></noscript>',
    "in a table": "| a | b |\n|---|---|\n| <img src=x onerror=fetch(/HIT/.source)> | x |",
    "in a list": "- a\n- <img src=x onerror=fetch(/HIT/.source)>",
    "in a heading": "# <img src=x onerror=fetch(/HIT/.source)>",
    "in a quotation": "> <script>fetch(/HIT/.source)</script>",
    "heading with the name of a graded cell": "# probs-check",
    "id of a graded cell": '<b id="probs-check" name="submission_id" class="score tabbable">x</b>',
    "end of the page": "</div></div></div></body></html><script>fetch(/HIT/.source)</script>",
    "attachment that is not there": "![x](attachment:nothing.png)",
}

BUNDLES = {  # data and metadata of outputs
    "html": ({"text/html": "<script>fetch(/HIT/.source)</script>"}, {}),
    "html in a frame": ({"text/html": "<script>fetch(/HIT/.source)</script>"}, {"text/html": {"isolated": True}}),
    "javascript": ({"application/javascript": "fetch(/HIT/.source)"}, {}),
    "drawing": ({"image/svg+xml": SVG}, {}),
    "markdown": ({"text/markdown": "<img src=x onerror=fetch(/HIT/.source)>"}, {}),
    "latex": ({"text/latex": "$\\href{http://localhost:8888/HIT}{click}$"}, {}),
    "mermaid": ({"text/vnd.mermaid": "</pre><img src=x onerror=fetch(/HIT/.source)>"}, {}),
    "widget": ({"application/vnd.jupyter.widget-view+json": {"model_id": f"</script>{IMG}"}}, {}),
    "pdf": ({"application/pdf": "JVBERi0="}, {}),
    "anything": ({"application/vnd.evil+json": {"x": "<script>fetch(/HIT/.source)</script>"}}, {}),
    "picture that is none": ({"image/png": f'">{IMG}'}, {}),
    "width of a picture": ({"image/png": PNG}, {"image/png": {"width": "1 onload=fetch(/HIT/.source)"}}),
    "height of a picture": ({"image/jpeg": "/9j/4AAQSkZJRg=="}, {"image/jpeg": {"height": "1 onerror=fetch(/HIT/.source)"}}),
    "text of a picture": ({"image/png": PNG}, {"image/png": {"alt": "\" onload=\"fetch(/HIT/.source)"}}),
    "file name of a picture": ({"image/png": PNG}, {"filenames": {"image/png": "/HIT"}}),
    "plain text": ({"text/plain": "<script>fetch(/HIT/.source)</script>\x1b[<img src=x onerror=fetch(/HIT/.source)>m"}, {}),
}  # fmt: skip


def cells() -> dict[str, NotebookNode]:
    """Every attempt as a cell of its own, by name."""
    found = {f"text: {name}": new_markdown_cell(source) for name, source in TEXTS.items()}
    for name, (data, metadata) in BUNDLES.items():
        output = new_output("display_data", data=data, metadata=metadata)
        found[f"output: {name}"] = new_code_cell("pass", outputs=[output])
    attached = new_markdown_cell("![x](attachment:a.svg)", attachments={"a.svg": {"image/svg+xml": SVG}})
    broken = new_markdown_cell("![x](attachment:a)", attachments={"a": {"image/png": f'">{IMG}'}})
    found |= {"attachment: drawing": attached, "attachment: no picture": broken}
    found["printed"] = new_code_cell(outputs=[new_output("stream", name="stdout", text=SCRIPT)])
    found["printed as an error"] = new_code_cell(outputs=[new_output("stream", name="stderr", text=SCRIPT)])
    trace = [f"\x1b[31m{SCRIPT}\x1b[0m", f"\x1b]8;;javascript:fetch(/HIT/.source)\x1b\\click\x1b]8;;\x1b\\ {SCRIPT}"]
    found["error"] = new_code_cell(outputs=[new_output("error", ename=SCRIPT, evalue=SCRIPT, traceback=trace)])
    found["number of a cell"] = new_code_cell("pass", execution_count=None)
    found["number of a cell"]["execution_count"] = "<img src=x onerror=fetch(/HIT/.source)>"
    found["tags"] = new_code_cell("pass", metadata={"tags": [f'">{IMG}']})
    found["id"] = new_code_cell("pass")
    found["id"]["id"] = f'">{IMG}'
    found["raw cell"] = NotebookNode(
        cell_type="raw", id="raw", source="<a href=/HIT>x</a>", metadata={"raw_mimetype": "text/html"}
    )
    found["kind of a cell"] = NotebookNode(
        cell_type="odd", id="odd", type="<img src=x onerror=fetch(/HIT/.source)>", source="", metadata={}
    )
    return found
