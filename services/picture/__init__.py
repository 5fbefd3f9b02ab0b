"""The fabric at one moment, for somebody who watches it.

picture   what is to be seen, as plain data: what `up` and `watch` draw, and the API tells
taken     takes one of a running process
meter     how fast inputs come, from looking at them now and then
"""
