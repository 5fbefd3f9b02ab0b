"""Everything that touches the world. `services/app.py` wires it; nothing is built at import."""
