"""What `perpetua doctor` looks at: every check one function that looks at one thing.

finding    what a check finds
scene      what checks look at: settings, machine, and the store once it is reached
catalogue  all checks, in their order; add yours there

files, home, access, serving, gate, limits, machine, memory, lake    settings and this machine
store, running                                                       the store, and what is in it
thinkers                                                             models, and who thinks for whom
kafka                                                                the bus
"""
