"""AMI events a second: our link against panoramisk as it comes. `python -m bench.ami`."""
