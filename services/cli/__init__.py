"""The command line: `perpetua`. One module a group of commands; nothing heavy at import."""
