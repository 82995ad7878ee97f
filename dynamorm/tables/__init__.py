"""Tables: what is declared, what is there, and the way from one to the other; items without a schema."""
