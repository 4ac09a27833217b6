"""Ways in and out: each channel verifies, reads and delivers, and leaves the rest to the inbox."""
