"""How replication is, what a run did and cost, and the proof that it is right."""
