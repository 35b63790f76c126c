"""What live views ask for, whoever carries the question: a server, or a kernel's comm.

``operations.OPERATIONS`` is the one registry: a name, the parameters, the result, a handler. ``events.watch``
tells what changes. The TypeScript types (``typescript``), the server's routes and its OpenAPI file are made
from the registry. There is no HTTP here, no comm and no IPython.
"""
