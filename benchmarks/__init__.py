"""What fmtools claims about speed, memory and loss, measured: `python -m benchmarks [NAME ...] [--quick]`.

Every figure stands beside a named peer or a bare loop that ran in the same minutes, in turns with ours.
"""
