"""What comes in: files, standard input, text sent by agents."""
