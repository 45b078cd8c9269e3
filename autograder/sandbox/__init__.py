"""Where student code runs, and who speaks with it. It knows neither answers nor points.

``bubblewrap`` shuts it in, ``warm`` keeps a process ready there; ``runner`` has the judge's runs done, ``execute`` and
``kernels`` a whole notebook's. ``inside_sandbox`` is the other end of the line: all of this folder that is in there.
"""
