"""Text becomes sound: the port to text-to-speech engines, and the book of all that a site says.

The daemon imports `sounds`, `spoken`, `workshop` and what they need: the standard library. Whatever
computes sound (numpy, models) runs in a process of its own, `worker`, so that it can take no time
from calls and can be ended when it hangs.
"""
