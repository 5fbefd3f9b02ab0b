"""What personas remember: kept hot, warm and cold, and searched."""
