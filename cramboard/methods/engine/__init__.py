"""What every search through a frozen decoder rests on: its pass, its steps, its parameters, its certification.

A method decides what to push towards and when to stop; nothing here knows which method asks.
"""
