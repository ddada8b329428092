"""One model a mirror: its live rows, trimmed and typed, each with the commit time of its last change."""
