"""One read and one wait in other frameworks, as their own documentation writes them."""
