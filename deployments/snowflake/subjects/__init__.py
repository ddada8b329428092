"""One file a subject: what is wanted against what is there, as steps."""
