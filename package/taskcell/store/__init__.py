"""Where bytes and records live: one layout on every fsspec URL, specified in ``docs/store-format.md``.

``opening`` opens a store, ``blobs`` and ``records`` are what it holds, ``paths`` is the layout,
``collecting`` frees what nothing refers to, ``index`` lists runs. Codecs turn values into blobs. What records
mean is known above.
"""
