"""The reliability exam: the real program, killed, cut off, lied to and shared with others, against its promises.

    python -m exam [--size small|release]

Nothing in the product knows of it: points, faults and planted bugs are put in from here, in forked processes.
"""
