"""The cloud on one machine: what stands in for AWS when everything runs locally. Nothing imports it."""
