"""AWS Lambda's surroundings on this machine: the real bundle runs in sandboxes under AWS's own runtime client."""
