"""What people look at, as plain data and as static text, HTML and SVG.

Each view is a frozen payload (``graph.Graph``, ``runs.RunView`` …) that serialises to JSON with a ``kind``
and a ``schema``, and two pure functions, ``to_text`` and ``to_html``. ``bundles.mimebundle`` puts them
together for a notebook. The live views are fed by the same payloads. Nothing here reads a store or a clock:
ages are relative to the payload's own ``shown_at``.
"""
