"""How each kind of step is entered, and left with what the caller did.

enter(walk, step)           -> the action to do, or None: the walk has gone on to another step
leave(walk, step, outcome)  -> the same
"""
