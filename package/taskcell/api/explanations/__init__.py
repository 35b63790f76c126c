"""Why a task was, or would be, executed or taken from the cache."""
