"""A machine that tries to tell the two apps apart: the same request to both, good or bad, and the answers compared."""
