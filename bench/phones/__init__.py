"""Simulated callers and seats that speak SIP and RTP with a real Asterisk.

    phone.py          Phone: one user agent on its own UDP port; places and takes calls
    call.py           PhoneCall: one call, its states, its ear and its microphone
      outgoing.py incoming.py    the two ways a call begins
    media.py          one call's RTP: sdp.py, microphone.py (paced by pacer.py), heard.py
    transactions.py   retransmission and matching (RFC 3261 section 17), over udp.py
    audio.py tones.py dtmf.py    what is sent, and how it is recognised

Messages, digest authentication, SDP and G.711 are aiosipua's and aiortp's. Sockets are our own
(udp.py says why), and so are transactions and dialogs: aiosipua sends each request once and its
calls carry no caller names.
"""
