"""The words of Taskcell as frozen values: no I/O, no behaviour beyond what follows from the fields.

One module a family: ``cells``, ``tasks``, ``versions``, ``artifacts``, ``caching``, ``runs``. They are msgspec
structs, because they cross the wire: a record that does not fit its type is refused where it is read.
"""
