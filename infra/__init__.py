"""The gateway on AWS: its templates, and what is checked of them before AWS sees them."""
