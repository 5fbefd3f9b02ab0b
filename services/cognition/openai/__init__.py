"""The `openai` thinker: any server that speaks OpenAI's chat completions (ADR 19).

thinker    the port: one call a think
settings   where a model is, and how it is asked
endpoint   one server: places, pauses, its circuit
circuit    open after failures, half open after a pause, stopped for good
calling    one call over HTTP, its faults by name
body       how much of an answer is read
reply      what a server sent, taken apart
usage      what a call cost, told or counted
prices     what a token costs
templates  the prompts, from `services/cognition/prompts/`
document   a request as the two messages that are sent
escaping   text as JSON, with nothing unseen in it
shown      labels of what is shown, and what they stand for
fitting    what of a request is shown
digest     many lines by few of them
recent     lines a persona has read, digested
answers    what is asked for in each phase, and how it is checked
schemas    the same as schemas, for servers that keep them
reading    an answer as a result
"""
