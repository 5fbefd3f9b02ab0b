"""The live picture of `up` and `watch`.

drawn      lines of text from a picture, for a terminal of any size; pure
parts      what each part of it says
minds      the part about personas: a tree, the busiest of them
columns    cells side by side, cut to fit
shares     how many lines each part gets
terminal   puts lines on a terminal, only those that changed, and leaves it as it was
live       looks and draws again and again, in threads of their own
words      catches what else would be printed meanwhile
place      what whoever draws knows of this machine
"""
