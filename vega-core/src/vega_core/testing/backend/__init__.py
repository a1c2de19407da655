"""The conformance kit of backends, one module a part of the contract."""
