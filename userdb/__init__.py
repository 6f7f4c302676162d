"""The user database itself: what both apps promise and share. No I/O, no framework, no event loop."""
