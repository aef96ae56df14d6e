"""Sweeps: many runs, grouped into stacks and spread over processes."""
