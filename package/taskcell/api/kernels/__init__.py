"""What happens in the notebook's kernel: its session, and a task cell that runs there."""
