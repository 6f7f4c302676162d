"""Which line stalled the event loop or took all slots, how long, and who waited. On the standard library alone."""
