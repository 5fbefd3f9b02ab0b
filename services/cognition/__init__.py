"""The cognition loop: who thinks when, with what, on whose budget.

loop          the one loop of the fabric: start, stop, takeover
scheduler     one runner per live persona
runner        steps one persona: observe, reflect, test, compress, rest
steps         what each step asks the thinker, and what becomes of the answer
governor      no reservation, no call
recollection  a persona's mind and input, read back from the store
prompt        charter and memories as text, cut to the budget
statistical/  the default thinker: counts, no model
"""
