"""What can be asked to happen. Each command is a function of a unit of work; imperative names.

lifecycle     spawn, reap, pause, resume
budget        lease, reserve, settle, release
observation   observe
cognition     think, hypothesise, check, compress
asking        ask
gate          propose, vote; verify, decide, start, finish; approve, deny, expire
work          claim, release
loop          start_loop, stop_loop
"""
