"""Live views in a notebook: what a front-end asks over a comm is answered from the registry of ``api.feeds``.

``answering`` answers one question, ``subscribing`` sends what changes, ``asked`` is how JupyterLab asks a kernel without a
comm, ``displays`` says which view shows what. ``live_views`` is the widget, and the only home of anywidget and traitlets;
without them everything else works, and a display has its static forms.
"""
