"""The verbs: task, snapshot, launch, runs, compare, reproduce, why, gc … One module for each, joined by the store."""
