"""The handlers: every endpoint, job and schedule, each in a file of its own."""
