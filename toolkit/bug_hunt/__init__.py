"""Whether somebody can find mistakes: ``gradient_checker`` (a checker of the student's, tried on ``drawn_graphs``), ``planted``
(mistakes in a script, drawn for one person), ``findings`` (whether they were found and mended), ``asked`` (questions to what an
answer defines)."""
