"""A small shop that takes payments through the gateway over HTTP alone, as any merchant's server would."""
