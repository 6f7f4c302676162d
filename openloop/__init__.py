"""Open-loop arrivals for Locust: a schedule that waits for no answer. It knows no URL; see README.md."""
