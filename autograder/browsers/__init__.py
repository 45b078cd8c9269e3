"""What people see: the course in a browser, JupyterLab, Notebook 7 and the formgrader driven as a person drives them, and
pictures of it. The tests in ``tests/browsers/`` and ``make screenshots`` look through this."""
