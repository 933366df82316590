"""A whole cluster for tests: stores, nodes, balancer and network that can be broken, a load, and an oracle that knows what
had to arrive."""
