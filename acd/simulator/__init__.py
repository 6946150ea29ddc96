"""A contact centre in virtual time, around the real dispatcher. Pure.

`day`       what is given: contacts with their talk, wrap-up and patience, and what seats do
`run`       the virtual Asterisk: rings, answers, hangs up, gives up; tells the dispatcher facts
`watch`     how others look on: every arrival, every end of a wait, every fact
`fates`     what became of each contact
`figures`   the KPIs of a run, and its course over the day
`interval`  means over replications with their interval of confidence
`steady`    one line as the Erlang formulas imagine it
`reader`, `observed`, `patience`   a day that has been, with what is not known of it drawn
`arrivals`, `invented`   a day that has not

Randomness is an argument (`chance`): with the same seed every run decides the same.
"""
