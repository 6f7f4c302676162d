"""The live page: what blocks, and whom it hurts, in front of an audience. A demonstration: `compare` measures."""
