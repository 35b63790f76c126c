"""pandas values as Arrow IPC files that give back the very frame.

``columns`` turns one column into an Arrow array and back, ``indexes`` an index into columns, ``codec`` puts a
frame together. What Arrow can't say (labels that are no texts, the kind of an index, names) stands as JSON in
the file's metadata under the key ``taskcell``; any Arrow reader opens the file without it.
"""
