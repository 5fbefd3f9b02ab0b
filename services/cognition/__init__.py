"""The cognition loop: who thinks when, with what, on whose budget.

loop          the one loop of the fabric: start, stop, takeover
scheduler     one runner per live persona
runner        steps one persona: observe, reflect, test, compress, rest
request       what a thinker is asked, and what of it was shown
calls         the calls of one request: reserved, settled, made again, repaired, by another
thinkers      which thinker a persona has
inheriting    what ended children leave it
steps         one step as it is saved: the thought and all that follows from it
governor      no reservation, no call
recollection  a persona's mind and input, read back from the store
statistical/  the default thinker: counts, no model
openai/       a model behind an OpenAI-compatible server, from the words in prompts/
"""
