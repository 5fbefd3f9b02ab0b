"""What keeps memory from being searched by likeness. Search goes on by words."""


class EmbedderUnavailable(Exception):
    """No vectors can be made now; one line that says why and what to do."""


class VectorsUnavailable(Exception):
    """The database can't keep vectors; one line that says why and what to do."""
