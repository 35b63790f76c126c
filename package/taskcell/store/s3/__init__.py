"""Files in a bucket: ``s3://bucket/prefix`` on Amazon S3 and servers that speak its protocol.

``files`` is the implementation of ``Files``. ``connections`` sends one request and repeats it while that may
help; it is the only home of s3fs. ``refusals`` says errors in words, ``creating`` writes under a condition,
``transfers`` moves large bodies in parts, ``leasing`` has leases, ``probing`` finds out whether a server keeps
the conditions that all of this rests on.
"""
