"""What runs on the instructor's side: the build, the judge, nbgrader's steps, grading a class. Imports toolkit, never
the reverse.
"""

import sys

# jsonschema builds a grammar at import, for 1.4 s in every process, to check a format of web addresses that notebooks have not
sys.modules.setdefault("rfc3987_syntax", None)
