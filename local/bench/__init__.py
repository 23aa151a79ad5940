"""`make bench`: what this machine carries, side by side with what Postgres alone carries in the same run."""
