"""What a notebook's cells define: tasks, what they read and reach, and the workflow that they make up."""
