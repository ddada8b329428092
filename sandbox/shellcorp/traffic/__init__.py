"""The applications that write to Shellcorp's database: kinds.py lists what they do, run.py does it."""
