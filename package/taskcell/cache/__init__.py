"""The cache: keys made of named parts, lookup and commit, and the reasons for a hit or a miss.

``keys`` builds a key, ``results`` finds and commits what a key leads to, ``explanations`` compares two keys.
What a task's code reaches is found in ``analysis``; how values become bytes is the store's matter.
"""
