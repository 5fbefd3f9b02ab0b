"""What can be asked to happen. Each command is a function of a unit of work; imperative names.

lifecycle     spawn, reap, pause, resume
budget        lease, reserve, settle, release
observation   observe
cognition     think, hypothesise, check, compress
asking        ask
proposing     propose, create, vote
gate          verify, decide, approve, deny, expire, start, finish
work          claim, release
loop          start_loop, stop_loop
"""
