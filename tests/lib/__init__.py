"""The harness of the scenario tests: private worlds, servers on loopback, leak checks."""
