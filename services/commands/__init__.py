"""What can be asked to happen. Each command is a function of a unit of work; imperative names.

lifecycle   create, spawn, reap, pause, resume
budget      lease, reserve, settle, release
cognition   observe, think, hypothesise, request_check, record_check, compress
asking      ask
gate        propose, vote, verify, reject, decide, approve, deny, start, finish
loop        start_loop, stop_loop
"""
