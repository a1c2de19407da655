"""The conformance kit of networks."""
